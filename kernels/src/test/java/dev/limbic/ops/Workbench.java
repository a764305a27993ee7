package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** A device under test with what every case needs: seeded values, uploads of either type, weights that close. */
final class Workbench implements AutoCloseable {
    private static final long SEED = 20260731;

    private final Device device;
    private final Weights weights;
    private Random random = new Random(SEED);

    Workbench(Device device) {
        this.device = device;
        this.weights = device.weights();
    }

    Device device() {
        return device;
    }

    Ops ops() {
        return device.ops();
    }

    Weights weights() {
        return weights;
    }

    Random random() {
        return random;
    }

    /** Starts over with the values, so that a case does not depend on those before it. */
    void reseed(long seed) {
        random = new Random(SEED + seed);
    }

    Matrix normal(int rows, int columns) {
        return Matrix.normal(random, rows, columns, 1);
    }

    Matrix normal(int rows, int columns, double deviation) {
        return Matrix.normal(random, rows, columns, deviation);
    }

    /** A scratch tensor [rows, columns]; types other than f32 come about as a gather from a table of that type. */
    Tensor upload(Matrix matrix, DType type) {
        if (type == DType.F32) {
            return device.upload(matrix.values(), matrix.rows(), matrix.columns());
        }
        Tensor table = weights.tensor(matrix.host(), type);
        Tensor ids = device.upload(IntStream.range(0, matrix.rows()).toArray());
        return ops().embed(List.of(new Lookup(table, ids)), null);
    }

    Sequences sequences(int... lengths) {
        int[] bounds = bounds(lengths);
        int longest = Arrays.stream(lengths).max().orElse(0);
        return new Sequences(device.upload(bounds), lengths.length, bounds[lengths.length], longest);
    }

    static int[] bounds(int... lengths) {
        int[] bounds = new int[lengths.length + 1];
        for (int i = 0; i < lengths.length; i++) {
            bounds[i + 1] = bounds[i] + lengths[i];
        }
        return bounds;
    }

    float[] download(Tensor tensor) {
        return device.download(tensor);
    }

    @Override
    public void close() {
        weights.close();
        device.close();
    }
}
