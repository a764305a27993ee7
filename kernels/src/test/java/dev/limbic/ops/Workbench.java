package dev.limbic.ops;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A device under test with what every case needs: seeded values, uploads of either type, weights that close. */
final class Workbench implements AutoCloseable {
    /** A sum of no more products stays whole on any device. */
    private static final int WHOLE_SUM = 1024;

    private static final long SEED = 20260731;

    private final Device device;
    private final Set<Precision> precisions;
    private final boolean roundsProducts;
    private final Weights weights;
    private Random random = new Random(SEED);

    Workbench(Device device, Set<Precision> precisions, boolean roundsProducts) {
        this.device = device;
        this.roundsProducts = roundsProducts;
        this.precisions = precisions;
        this.weights = device.weights();
    }

    Device device() {
        return device;
    }

    /** Skips the case on a device that does not compute so. */
    void assumeComputes(Precision precision) {
        assumeTrue(precisions.contains(precision), device.name() + " does not compute in " + precision);
    }

    /** Skips the case on a device that has no activations of this type. */
    void assumeComputes(DType type) {
        assumeTrue(types().contains(type), device.name() + " does not compute in " + type);
    }

    /** Types of activations. */
    Set<DType> types() {
        return precisions.stream().map(Precision::activations).collect(Collectors.toCollection(TreeSet::new));
    }

    /**
     * Adds what it makes of a convolution that its products are rounded to 16 bits before bias, residual and activation, once
     * more than the result is: half a unit in the last place of them, by the greatest slope of an activation. cuDNN writes
     * its result in the pictures' type, and the rest is a kernel of ours; oneDNN does all of it in f32.
     *
     * @param products of each element, without the bias
     */
    void allowRoundedProducts(Precision precision, double[] allowance, IntToDoubleFunction products) {
        if (roundsProducts && precision != Precision.F32) {
            double eps =
                    Int8Oracle.SLOPE * Closeness.of(precision.activations()).eps();
            Arrays.setAll(allowance, i -> allowance[i] + eps * Math.abs(products.applyAsDouble(i)));
        }
    }

    /**
     * Adds what it makes of a long sum that its parts are rounded to 16 bits before they are added up, as cuDNN does where
     * it shares out one sum among blocks: one of two parts of less than four where the whole is of unit size, the other of
     * less than two.
     *
     * @param products in a sum
     */
    void allowRoundedParts(Precision precision, double[] allowance, int products) {
        if (roundsProducts && precision != Precision.F32 && products > WHOLE_SUM) {
            double parts = 3 * Closeness.of(precision.activations()).eps();
            Arrays.setAll(allowance, i -> allowance[i] + parts);
        }
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
        return ops().rows().embed(List.of(new Lookup(table, ids)), null);
    }

    /** A scratch tensor [rows, columns] of zeros. */
    Tensor zeros(int rows, int columns) {
        return device.upload(new float[rows * columns], rows, columns);
    }

    /** Integers where numbers are expected, [rows, columns]: a view of an upload. */
    Tensor integers(int rows, int columns) {
        return new Tensor(
                DType.I32, Shape.of(rows, columns), integers(rows * columns).address());
    }

    /** Zeros, i32 [n]. */
    Tensor integers(int n) {
        return device.upload(new int[n]);
    }

    Tensor ids(int... ids) {
        return device.upload(ids);
    }

    /** Weights of zeros. */
    static HostTensor host(int... dims) {
        Shape shape = Shape.of(dims);
        return HostTensor.of(shape, new float[(int) shape.elements()]);
    }

    Sequences sequences(int... lengths) {
        return Sequences.on(device, bounds(lengths));
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
