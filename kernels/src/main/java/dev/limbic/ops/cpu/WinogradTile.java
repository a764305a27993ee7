package dev.limbic.ops.cpu;

import dev.limbic.ops.Planes;
import dev.limbic.tensor.DType;
import org.jspecify.annotations.Nullable;

/**
 * Sizes of tiles for which Winograd's minimal filtering replaces a convolution of 3 × 3 (Lavin and Gray 2015, "Fast algorithms
 * for convolutional neural networks"): a tile of the result is Aᵀ((G·g·Gᵀ) ⊙ (Bᵀ·d·B))A, of which ⊙, summed over the channels, is
 * a product of matrices for each point of a tile. Which one depends on the sizes of the pictures alone, so that a picture's
 * numbers do not depend on its company.
 */
enum WinogradTile {
    /** 2 × 2, by the points 0, ±1 and ∞: 16 products in place of 36. */
    TWO(2),

    /**
     * 4 × 4, by 0, ±5/8, ±3/2 and ∞: 36 in place of 144. Its weights are four times as many, and it rounds about as the sum itself
     * does; with the usual points ±1 and ±2 it rounds by twice as much, and at worst by four times.
     */
    FOUR(4);

    /** The points; with all that A and B have of them exact in f32. */
    static final float NEAR = 0.625f;

    static final float FAR = 1.5f;

    private static final double[][] G_2 = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
    private static final double[][] G_4 = {
        {1 / square(NEAR * FAR), 0, 0}, row(NEAR, FAR), row(-NEAR, FAR), row(FAR, NEAR), row(-FAR, NEAR), {0, 0, 1}
    };

    private static final int KERNEL = 3;

    /** Of fewer channels transforming takes longer than it saves. */
    private static final int FEWEST_CHANNELS = 32;

    /** Of more the weights of a tile are more than what is multiplied by them, so that reading them takes longer. */
    private static final int MOST_CHANNELS = 256;

    /** Smaller pictures have too few tiles for the weights that are read. */
    private static final int SMALLEST = 12;

    /** From here on larger tiles are quicker, of so many channels at most: of more they have too many weights. */
    private static final int LARGE = 24;

    private static final int LARGE_CHANNELS = 128;

    private final int size;

    WinogradTile(int size) {
        this.size = size;
    }

    /** The quickest for results of these sizes; null where the convolution itself is, or what it does is something else. */
    static @Nullable WinogradTile of(ConvLayer.Sliding sliding, DType input, DType type, Planes result) {
        boolean plain = sliding.stride() == 1
                && sliding.dilation() == 1
                && sliding.groups() == 1
                && !sliding.transposed()
                && sliding.kernel().height() == KERNEL
                && sliding.kernel().width() == KERNEL;
        int least = Math.min(result.h(), result.w());
        if (!plain
                || input != DType.F32
                || type != DType.F32
                || !suits(sliding.kernel().in())
                || !suits(sliding.kernel().out())
                || least < SMALLEST) {
            return null;
        }
        int channels = Math.max(sliding.kernel().in(), sliding.kernel().out());
        return least < LARGE || channels > LARGE_CHANNELS ? TWO : FOUR;
    }

    private static boolean suits(int channels) {
        return channels >= FEWEST_CHANNELS && channels <= MOST_CHANNELS && channels % VectorMath.LANES == 0;
    }

    private static double square(double x) {
        return x * x;
    }

    /** Powers of a point, divided by its distances from 0, from its opposite and from ± another. */
    private static double[] row(double point, double other) {
        double distances = 2 * square(point) * (square(point) - square(other));
        return new double[] {1 / distances, point / distances, square(point) / distances};
    }

    /** Pixels of the result in each direction. */
    int size() {
        return size;
    }

    /** Pixels of the picture in each direction, which is as many as the points at which products are taken. */
    int reach() {
        return size + KERNEL - 1;
    }

    /** Points of a tile. */
    int points() {
        return reach() * reach();
    }

    /**
     * G·g·Gᵀ of each kernel.
     *
     * @param weight [out, in, 3, 3]
     * @return [points, in, out]
     */
    float[] transformed(float[] weight, int out, int in) {
        double[][] g = this == TWO ? G_2 : G_4;
        float[] result = new float[points() * in * out];
        double[] half = new double[reach() * KERNEL];
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) {
                int at = (o * in + i) * KERNEL * KERNEL;
                for (int r = 0; r < reach(); r++) {
                    for (int c = 0; c < KERNEL; c++) {
                        double sum = 0;
                        for (int k = 0; k < KERNEL; k++) {
                            sum += g[r][k] * weight[at + k * KERNEL + c];
                        }
                        half[r * KERNEL + c] = sum;
                    }
                }
                for (int r = 0; r < reach(); r++) {
                    for (int c = 0; c < reach(); c++) {
                        double sum = 0;
                        for (int k = 0; k < KERNEL; k++) {
                            sum += half[r * KERNEL + k] * g[c][k];
                        }
                        result[((r * reach() + c) * in + i) * out + o] = (float) sum;
                    }
                }
            }
        }
        return result;
    }
}
