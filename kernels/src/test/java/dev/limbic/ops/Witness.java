package dev.limbic.ops;

import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What a {@link CheckedDevice} was handed, from the host's side, and how often each operation was compared. */
final class Witness {
    private final Device device;
    private final IdentityHashMap<Linear, LinearOracle> linears = new IdentityHashMap<>();
    private final IdentityHashMap<Recurrent, RecurrentOracle> recurrents = new IdentityHashMap<>();
    private final NavigableMap<Long, int[]> integers = new TreeMap<>();
    private final Map<String, Integer> compared = new TreeMap<>();

    Witness(Device device) {
        this.device = device;
    }

    Linear saw(Linear layer, LinearOracle oracle) {
        linears.put(layer, oracle);
        return layer;
    }

    Recurrent saw(Recurrent layer, RecurrentOracle oracle) {
        recurrents.put(layer, oracle);
        return layer;
    }

    Tensor saw(Tensor uploaded, int[] values) {
        integers.put(uploaded.address(), values.clone());
        return uploaded;
    }

    void beginBatch() {
        integers.clear();
    }

    LinearOracle oracle(Linear layer) {
        return known(linears.get(layer), "linear layer");
    }

    RecurrentOracle oracle(Recurrent layer) {
        return known(recurrents.get(layer), "recurrent layer");
    }

    /** Integers that were uploaded since the batch began. */
    int[] integers(Tensor tensor) {
        return Arrays.copyOf(known(integers.get(tensor.address()), "integers"), tensor.rows());
    }

    private static <T> T known(@Nullable T found, String what) {
        if (found == null) {
            throw new IllegalStateException("these " + what + " did not come through this device");
        }
        return found;
    }

    Matrix of(Tensor tensor) {
        return new Matrix(tensor.rows(), tensor.columns(), device.download(tensor));
    }

    /**
     * Fails unless the result is the oracle's.
     *
     * @param size of what was added up, where a unit is not it
     */
    void check(String operation, Tensor actual, double[] expected, double size) {
        check(operation, actual, expected, Closeness.of(actual.dtype()).scaled(Math.max(1, size)));
    }

    /** Fails unless y = activation(x·Wᵀ + bias). */
    void checkProduct(String operation, Tensor x, Linear weights, Activation activation, Tensor y) {
        LinearOracle oracle = oracle(weights);
        Matrix seen = of(x).storedAs(oracle.precision().activations());
        double size = largest(seen) * largest(oracle.weight()) * Math.sqrt(weights.in()) / 8;
        oracle.check(operation, seen, activation, device.download(y), Math.max(1, size));
        compared(operation);
    }

    void check(String operation, Tensor actual, double[] expected, Closeness closeness) {
        closeness.check(operation + " " + actual, device.download(actual), expected);
        compared(operation);
    }

    void compared(String operation) {
        compared.merge(operation, 1, Integer::sum);
    }

    /** How often each operation was. */
    Map<String, Integer> comparisons() {
        return Collections.unmodifiableMap(compared);
    }

    static int[] lengths(Sequences sequences) {
        return IntStream.range(0, sequences.count()).map(sequences::length).toArray();
    }

    /** The largest number of a matrix. */
    static double largest(Matrix x) {
        double largest = 0;
        for (float value : x.values()) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    static double[] wide(Matrix x) {
        double[] values = new double[x.values().length];
        Arrays.setAll(values, i -> x.values()[i]);
        return values;
    }
}
