package dev.limbic.server.command;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Device;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.Sequences;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** Runs each operation on two devices with the same numbers and compares. */
final class SelfTest {
    private static final int[] BOUNDS = {0, 1, 40, 47, 150};
    private static final int ROWS = 150;
    private static final int HEADS = 2;
    private static final int WIDTH = 128;
    private static final int HIDDEN = 48;

    /**
     * One comparison.
     *
     * @param difference largest absolute one; results are of about unit size
     */
    record Result(String operation, Precision precision, double difference, double allowed) {
        boolean passed() {
            return difference <= allowed; // NaN does not pass
        }
    }

    /** One operation of a device. */
    private interface Operation {
        Tensor run(Bench bench);
    }

    private static final Map<String, Operation> OPERATIONS = new LinkedHashMap<>();

    static {
        for (Activation activation : Activation.values()) {
            OPERATIONS.put(
                    "linear " + activation.name().toLowerCase(Locale.ROOT),
                    b -> b.ops().rows().linear(b.rows(WIDTH), b.layer(3 * WIDTH, WIDTH), activation));
        }
        OPERATIONS.put("embed", b -> b.ops().rows().embed(List.of(b.lookup(), b.lookup()), b.norm()));
        OPERATIONS.put("addLayerNorm", b -> {
            Tensor residual = b.rows(WIDTH);
            b.ops().rows().addLayerNorm(b.rows(WIDTH), residual, b.norm());
            return residual;
        });
        OPERATIONS.put("attention", b -> b.ops().attention().attention(b.rows(3 * WIDTH), b.sequences(), HEADS, false));
        OPERATIONS.put(
                "attention, causal", b -> b.ops().attention().attention(b.rows(3 * WIDTH), b.sequences(), HEADS, true));
        OPERATIONS.put(
                "selfAttention",
                b -> b.ops()
                        .attention()
                        .selfAttention(b.rows(WIDTH), b.layer(3 * WIDTH, WIDTH), b.sequences(), HEADS, false));
        OPERATIONS.put("linearAddLayerNorm", b -> {
            Tensor residual = b.rows(WIDTH);
            b.ops().rows().linearAddLayerNorm(b.rows(WIDTH), b.layer(WIDTH, WIDTH), residual, b.norm());
            return residual;
        });
        OPERATIONS.put(
                "gatherRows", b -> b.ops().rows().gatherRows(b.rows(WIDTH), b.device.upload(new int[] {149, 0, 7, 7})));
        OPERATIONS.put("pool, mean", b -> b.ops().rows().pool(b.rows(WIDTH), b.sequences(), Pooling.MEAN));
        OPERATIONS.put("pool, max", b -> b.ops().rows().pool(b.rows(WIDTH), b.sequences(), Pooling.MAX));
        OPERATIONS.put("attentionPool", b -> b.ops().rows().attentionPool(b.rows(WIDTH), b.rows(1), b.sequences()));
        OPERATIONS.put("concat", b -> b.ops().rows().concat(List.of(b.rows(7), b.rows(WIDTH))));
        OPERATIONS.put("softmax", b -> b.ops().rows().softmax(b.rows(WIDTH)));
        for (Recurrent.Cell cell : Recurrent.Cell.values()) {
            OPERATIONS.put(
                    "recurrent " + cell.name().toLowerCase(Locale.ROOT),
                    b -> b.ops()
                            .recurrence()
                            .recurrent(b.rows(WIDTH), b.cells(cell), b.sequences())
                            .outputs());
        }
    }

    private SelfTest() {}

    /** Compares {@code device} in each of its precisions with {@code reference} in f32; both are free for use. */
    static List<Result> run(Device device, Device reference, List<Precision> precisions) {
        List<Result> results = new ArrayList<>();
        OPERATIONS.forEach((name, operation) -> {
            float[] expected = run(reference, Precision.F32, operation);
            for (Precision precision : precisions) {
                float[] actual = run(device, precision, operation);
                results.add(new Result(name, precision, difference(actual, expected), allowed(precision)));
            }
        });
        return results;
    }

    private static float[] run(Device device, Precision precision, Operation operation) {
        try (Weights weights = device.weights()) {
            device.beginBatch();
            return device.download(operation.run(new Bench(device, weights, precision, new Random(1))));
        }
    }

    /** Rounding of what goes in, of what comes out, and of what is between in the fused ones. */
    private static double allowed(Precision precision) {
        return switch (precision) {
            case F32 -> 1e-3;
            case F16 -> 2e-2;
            case BF16 -> 1.5e-1;
            case INT8 -> 5e-1;
        };
    }

    private static double difference(float[] actual, float[] expected) {
        double worst = actual.length == expected.length ? 0 : Double.NaN;
        for (int i = 0; i < Math.min(actual.length, expected.length); i++) {
            double difference = Math.abs((double) actual[i] - expected[i]);
            worst = Double.isNaN(difference) ? difference : Math.max(worst, difference);
        }
        return worst;
    }

    /** Makes arguments: the same numbers on every device. */
    private record Bench(Device device, Weights weights, Precision precision, Random random) {
        Ops ops() {
            return device.ops();
        }

        private HostTensor host(double deviation, int... dims) {
            Shape shape = Shape.of(dims);
            float[] values = new float[Math.toIntExact(shape.elements())];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (deviation * random.nextGaussian());
            }
            return HostTensor.of(shape, values);
        }

        /** Numbers [ROWS, columns] in the precision's type; such come about as a lookup of all rows of a table. */
        Tensor rows(int columns) {
            Tensor table = weights.tensor(host(1, ROWS, columns), precision.activations());
            int[] all = new int[ROWS];
            for (int i = 0; i < ROWS; i++) {
                all[i] = i;
            }
            return ops().rows().embed(List.of(new Lookup(table, device.upload(all))), null);
        }

        Lookup lookup() {
            Tensor table = weights.tensor(host(1, 64, WIDTH), precision.activations());
            return new Lookup(table, device.upload(random.ints(ROWS, 0, 64).toArray()));
        }

        Norm norm() {
            return new Norm(
                    weights.tensor(host(1, WIDTH), DType.F32), weights.tensor(host(1, WIDTH), DType.F32), 1e-5f);
        }

        Linear layer(int out, int in) {
            return weights.linear(host(1 / Math.sqrt(in), out, in), host(1, out), precision);
        }

        Recurrent cells(Recurrent.Cell cell) {
            List<Weights.Direction> directions = new ArrayList<>();
            for (int d = 0; d < 2; d++) {
                int gates = cell.gates() * HIDDEN;
                directions.add(new Weights.Direction(
                        host(1 / Math.sqrt(WIDTH), gates, WIDTH),
                        host(1 / Math.sqrt(HIDDEN), gates, HIDDEN),
                        host(0.1, gates),
                        host(0.1, gates)));
            }
            return weights.recurrent(cell, directions, precision);
        }

        Sequences sequences() {
            return Sequences.on(device, BOUNDS);
        }
    }
}
