package dev.limbic.ops;

import static dev.limbic.ops.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Wrong shapes and types of pictures and their weights. */
interface ConvShapeCases {
    Workbench bench();

    private Tensor rows(int t, int h) {
        return bench().device().upload(new float[t * h], t, h);
    }

    private static HostTensor host(int... dims) {
        Shape shape = Shape.of(dims);
        return HostTensor.of(shape, new float[(int) shape.elements()]);
    }

    private Tensor vector(int h) {
        return bench().weights().tensor(host(h), DType.F32);
    }

    @Test
    default void planesRefuseWhatIsNoPicture() {
        refused("planes", () -> new Planes(0, 1, 1));
        refused("planes", () -> new Planes(1, -1, 1));
        refused("planes", () -> new Planes(1 << 20, 1 << 10, 1 << 10));
        refused("conv2d", () -> new Conv2d.Geometry(0, Padding.NONE, 1, 1));
        refused("conv2d", () -> new Conv2d.Geometry(1, Padding.NONE, 0, 1));
        refused("padding", () -> new Padding.Pixels(0, -1, 0, 0));
        refused("pool2d", () -> Pool2d.of(Pooling.MAX, 2, 2, Padding.all(2)));
        refused("pool2d", () -> Pool2d.of(Pooling.MAX, 0, 2, Padding.NONE));
        refused("convTranspose2d", () -> new ConvTranspose2d.Geometry(2, new Padding.Pixels(0, 0, 0, 0), 2, 1, 1));
    }

    /** "same" as TensorFlow documents it: the odd pixel lies below and right. */
    @Test
    default void samePaddingIsTensorFlows() {
        Planes planes = new Planes(1, 8, 7);
        // Window, dilation, stride, then top, left, bottom, right, and the sizes of the result.
        int[][] cases = {
            {3, 1, 1, 1, 1, 1, 1, 8, 7},
            {3, 1, 2, 0, 1, 1, 1, 4, 4},
            {2, 1, 1, 0, 0, 1, 1, 8, 7},
            {4, 1, 1, 1, 1, 2, 2, 8, 7},
            {5, 1, 2, 1, 2, 2, 2, 4, 4},
            {3, 1, 3, 0, 1, 1, 1, 3, 3},
            {3, 2, 1, 2, 2, 2, 2, 8, 7},
            {1, 1, 2, 0, 0, 0, 0, 4, 4},
            {1, 1, 4, 0, 0, 0, 0, 2, 2},
        };
        for (int[] c : cases) {
            Conv2d conv = bench().weights()
                    .conv2d(
                            host(1, 1, c[0], c[0]),
                            null,
                            new Conv2d.Geometry(c[2], Padding.SAME, c[1], 1),
                            Precision.F32);
            String what = Arrays.toString(c);
            assertThat(conv.padding(planes)).as(what).isEqualTo(new Padding.Pixels(c[3], c[4], c[5], c[6]));
            assertThat(conv.result(planes)).as(what).isEqualTo(new Planes(1, c[7], c[8]));
            if (c[1] == 1) {
                Pool2d pool = Pool2d.of(Pooling.MAX, c[0], c[2], Padding.SAME);
                assertThat(pool.padding(planes)).as(what).isEqualTo(new Padding.Pixels(c[3], c[4], c[5], c[6]));
                assertThat(pool.result(planes)).as(what).isEqualTo(new Planes(1, c[7], c[8]));
            }
        }
    }

    /** Only windows that lie wholly inside the picture and its padding. */
    @Test
    default void windowsThatReachOutAreLeftOut() {
        Conv2d conv = bench().weights()
                .conv2d(
                        host(1, 1, 3, 2),
                        null,
                        new Conv2d.Geometry(3, new Padding.Pixels(1, 0, 0, 2), 2, 1),
                        Precision.F32);
        assertThat(conv.result(new Planes(2, 11, 8))).isEqualTo(new Planes(2, 3, 3));
        assertThat(Pool2d.of(Pooling.MEAN, 3, 2, Padding.NONE).result(new Planes(1, 8, 3)))
                .isEqualTo(new Planes(1, 3, 1));
    }

    @Test
    default void convolutionRefusesWrongWeights() {
        Weights weights = bench().weights();
        Conv2d.Geometry two = new Conv2d.Geometry(1, Padding.NONE, 1, 2);
        refused("conv2d", () -> weights.conv2d(host(4, 3, 3), null, two, Precision.F32));
        refused("conv2d", () -> weights.conv2d(host(5, 3, 3, 3), null, two, Precision.F32));
        refused("conv2d", () -> weights.conv2d(host(4, 0, 3, 3), null, two, Precision.F32));
        refused("conv2d", () -> weights.conv2d(host(4, 3, 3, 3), host(3), two, Precision.F32));
        ConvTranspose2d.Geometry three = new ConvTranspose2d.Geometry(1, new Padding.Pixels(0, 0, 0, 0), 0, 1, 3);
        refused("convTranspose2d", () -> weights.convTranspose2d(host(4, 3, 3, 3), null, three, Precision.F32));
        refused("convTranspose2d", () -> weights.convTranspose2d(host(3, 3, 3, 3), host(3), three, Precision.F32));
    }

    @Test
    default void convolutionRefusesWrongPictures() {
        Planes planes = new Planes(2, 4, 3);
        Conv2d conv =
                bench().weights().conv2d(host(5, 7, 3, 3), null, Conv2d.Geometry.of(1, Padding.NONE), Precision.F32);
        ConvOps ops = bench().ops().pictures();
        refused("conv2d", () -> ops.conv2d(rows(24, 6), planes, conv, Activation.NONE));
        refused("conv2d", () -> ops.conv2d(rows(23, 7), planes, conv, Activation.NONE));
        refused("conv2d", () -> ops.conv2d(rows(12, 7), new Planes(2, 2, 3), conv, Activation.NONE));
        refused("conv2d", () -> ops.conv2d(rows(24, 7), planes, conv, Activation.NONE, rows(4, 4)));
        refused("conv2d", () -> ops.conv2d(rows(24, 7), planes, conv, Activation.NONE, rows(24, 5)));
        Tensor bytes = bench().device().upload(new byte[24 * 7], 24, 7);
        refused("conv2d", () -> ops.conv2d(bytes, planes, conv, Activation.NONE));
        ConvTranspose2d wide = bench().weights()
                .convTranspose2d(
                        host(7, 5, 2, 2),
                        null,
                        new ConvTranspose2d.Geometry(1, new Padding.Pixels(2, 2, 2, 2), 0, 1, 1),
                        Precision.F32);
        refused("convTranspose2d", () -> ops.convTranspose2d(rows(24, 6), planes, wide, Activation.NONE));
        refused("convTranspose2d", () -> ops.convTranspose2d(rows(24, 7), planes, wide, Activation.NONE));
    }

    @Test
    default void otherOperationsOnPicturesRefuseWrongShapes() {
        Planes planes = new Planes(2, 4, 3);
        ConvOps ops = bench().ops().pictures();
        Tensor x = rows(24, 6);
        refused("pool2d", () -> ops.pool2d(rows(23, 6), planes, Pool2d.of(Pooling.MAX, 2, 2, Padding.NONE)));
        refused("pool2d", () -> ops.pool2d(x, planes, Pool2d.of(Pooling.MAX, 5, 2, Padding.NONE)));
        refused("adaptiveAverage", () -> ops.adaptiveAverage(x, planes, 0, 1));
        refused("adaptiveAverage", () -> ops.adaptiveAverage(rows(12, 6), planes, 1, 1));
        refused("upsample", () -> ops.upsample(x, planes, 1, -1, Upsampling.NEAREST));
        refused("upsample", () -> ops.upsample(rows(12, 6), planes, 8, 6, Upsampling.BILINEAR));
        refused("groupNorm", () -> ops.groupNorm(x, planes, 4, new Norm(vector(6), vector(6), 1e-5f)));
        refused("groupNorm", () -> ops.groupNorm(x, planes, 3, new Norm(vector(6), vector(5), 1e-5f)));
        refused("scaleChannels", () -> ops.scaleChannels(x, planes, rows(1, 6)));
        refused("scaleChannels", () -> ops.scaleChannels(x, planes, rows(2, 5)));
        Tensor bytes = bench().device().upload(new byte[24 * 6], 24, 6);
        refused("normalise", () -> ops.normalise(x, planes, vector(6), vector(6), DType.F32));
        refused("normalise", () -> ops.normalise(bytes, planes, vector(6), vector(5), DType.F32));
        refused("normalise", () -> ops.normalise(bytes, planes, vector(6), vector(6), DType.I32));
        refused("upload", () -> bench().device().upload(new byte[5], 2, 3));
    }
}
