package dev.limbic.server.command;

import dev.limbic.ops.Activation;
import dev.limbic.ops.AttentionOps;
import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvTranspose2d;
import dev.limbic.ops.Device;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Linear;
import dev.limbic.ops.LogitChanges;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pool2d;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.Rotary;
import dev.limbic.ops.SampleRow;
import dev.limbic.ops.Sequences;
import dev.limbic.ops.Upsampling;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/** Runs each operation on two devices with the same numbers and compares. */
final class SelfTest {
    private static final int[] BOUNDS = {0, 1, 40, 47, 150};
    private static final int ROWS = 150;
    private static final int HEADS = 2;
    private static final int WIDTH = 128;
    private static final int HIDDEN = 48;

    /** Heads of decoders, and their cache, in which each sequence takes a block more than it fills. */
    private static final Heads GROUPED = new Heads(4, 2, 32);

    private static final int BLOCK = 16;
    private static final int BLOCKS = ROWS / BLOCK + BOUNDS.length;

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

    /** The rows as pictures. */
    private static final Planes PLANES = new Planes(2, 5, 15);

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
        OPERATIONS.put("linearAdd", b -> {
            Tensor residual = b.rows(WIDTH);
            b.ops().rows().linearAdd(b.rows(WIDTH), b.layer(WIDTH, WIDTH), residual);
            return residual;
        });
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

    static {
        OPERATIONS.put("layerNorm", b -> b.ops().rows().layerNorm(b.rows(WIDTH), b.norm()));
        OPERATIONS.put(
                "rmsNorm", b -> b.ops().rows().rmsNorm(b.rows(WIDTH), b.norm().gain(), 1e-6f));
        OPERATIONS.put("add", b -> {
            Tensor residual = b.rows(WIDTH);
            b.ops().rows().add(b.rows(WIDTH), residual);
            return residual;
        });
        OPERATIONS.put("swiGlu", b -> b.ops().rows().swiGlu(b.rows(2 * WIDTH)));
        OPERATIONS.put("rotary", b -> {
            Tensor qkv = b.rows(GROUPED.columns());
            b.ops().attention().rotary(qkv, b.angles(), b.positions(), GROUPED);
            return qkv;
        });
        OPERATIONS.put("cacheAppend", b -> b.attended(AttentionOps.NO_WINDOW));
        OPERATIONS.put("cachedAttention, window", b -> b.attended(20));
        pictures();
        OPERATIONS.put("sample", b -> b.ops().sampling().sample(b.logits(), b.choices()));
    }

    private static void pictures() {
        OPERATIONS.put(
                "conv2d",
                b -> b.ops()
                        .pictures()
                        .conv2d(b.rows(8), PLANES, b.convolution(12, 8), Activation.RELU, b.residual(12)));
        OPERATIONS.put("conv2d, two", b -> {
            Conv2d second = b.weights.conv2d(
                    b.host(1 / Math.sqrt(12), 8, 12, 1, 1), null, Conv2d.Geometry.of(1, Padding.NONE), b.floating());
            return b.ops()
                    .pictures()
                    .conv2d(b.rows(8), PLANES, b.convolution(12, 8), Activation.SILU, second, Activation.NONE, null);
        });
        OPERATIONS.put(
                "convTranspose2d",
                b -> b.ops().pictures().convTranspose2d(b.rows(8), PLANES, b.transposed(8, 12), Activation.NONE));
        OPERATIONS.put(
                "pool2d",
                b -> b.ops().pictures().pool2d(b.rows(8), PLANES, Pool2d.of(Pooling.MAX, 3, 2, Padding.all(1))));
        OPERATIONS.put("adaptiveAverage", b -> b.ops().pictures().adaptiveAverage(b.rows(8), PLANES, 2, 4));
        OPERATIONS.put("globalPool", b -> b.ops().pictures().globalPool(b.rows(8), PLANES, Pooling.MEAN));
        for (Upsampling how : Upsampling.values()) {
            OPERATIONS.put(
                    "upsample " + how.name().toLowerCase(Locale.ROOT),
                    b -> b.ops().pictures().upsample(b.rows(8), PLANES, 9, 31, how));
        }
        OPERATIONS.put("groupNorm", b -> b.ops().pictures().groupNorm(b.rows(WIDTH), PLANES, 4, b.norm()));
        OPERATIONS.put("scaleChannels", b -> {
            Tensor x = b.rows(8);
            b.ops().pictures().scaleChannels(x, PLANES, b.ops().pictures().globalPool(b.rows(8), PLANES, Pooling.MEAN));
            return x;
        });
        OPERATIONS.put(
                "normalise",
                b -> b.ops()
                        .pictures()
                        .normalise(
                                b.bytes(3),
                                PLANES,
                                b.channels(3),
                                b.channels(3),
                                b.floating().activations()));
    }

    private SelfTest() {}

    /** What is compared: the operation's name, and behind it, if there are several, which case. */
    static Set<String> names() {
        return Collections.unmodifiableSet(OPERATIONS.keySet());
    }

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
        DType type = precision.activations();
        try (Weights weights = device.weights();
                KvCache cache = device.kvCache(1, GROUPED.keys(), GROUPED.size(), BLOCK, BLOCKS, type)) {
            device.beginBatch();
            return device.download(operation.run(new Bench(device, weights, cache, precision, new Random(1))));
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
    private record Bench(Device device, Weights weights, KvCache cache, Precision precision, Random random) {
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

        /** Pictures have no products of eight bits. */
        Precision floating() {
            return precision == Precision.INT8 ? Precision.BF16 : precision;
        }

        Conv2d convolution(int out, int in) {
            return weights.conv2d(
                    host(1 / Math.sqrt(9.0 * in), out, in, 3, 3),
                    host(1, out),
                    Conv2d.Geometry.of(1, Padding.all(1)),
                    floating());
        }

        ConvTranspose2d transposed(int in, int out) {
            return weights.convTranspose2d(
                    host(1 / Math.sqrt(9.0 * in), in, out, 3, 3),
                    host(1, out),
                    new ConvTranspose2d.Geometry(2, new Padding.Pixels(1, 1, 1, 1), 1, 1, 1),
                    floating());
        }

        /** Numbers [ROWS, columns] in the type that convolutions give. */
        Tensor residual(int columns) {
            return new Bench(device, weights, cache, floating(), random).rows(columns);
        }

        Tensor channels(int count) {
            return weights.tensor(host(1, count), DType.F32);
        }

        Tensor bytes(int channels) {
            byte[] samples = new byte[ROWS * channels];
            random.nextBytes(samples);
            for (int i = 0; i < samples.length; i++) {
                samples[i] &= 3; // so that results are of about unit size
            }
            return device.upload(samples, ROWS, channels);
        }

        Sequences sequences() {
            return Sequences.on(device, BOUNDS);
        }

        Rotary angles() {
            int half = GROUPED.size() / 2;
            return new Rotary(
                    weights.tensor(host(1, ROWS, half), DType.F32),
                    weights.tensor(host(1, ROWS, half), DType.F32),
                    GROUPED.size(),
                    false);
        }

        Tensor positions() {
            return device.upload(random.ints(ROWS, 0, ROWS).toArray());
        }

        /** All rows enter the cache, then attend to it; the first sequence decodes. */
        Tensor attended(int window) {
            Tensor qkv = rows(GROUPED.columns());
            int count = BOUNDS.length - 1;
            int[][] tables = new int[count][];
            int[] contexts = new int[count];
            int[] slots = new int[ROWS];
            int block = 0;
            for (int b = 0; b < count; b++) {
                contexts[b] = BOUNDS[b + 1] - BOUNDS[b];
                for (int i = 0; i < contexts[b]; i++) {
                    slots[BOUNDS[b] + i] = block * BLOCK + i;
                }
                tables[b] = IntStream.range(block, block + Math.ceilDiv(contexts[b], BLOCK))
                        .toArray();
                block += tables[b].length;
            }
            ops().attention().cacheAppend(qkv, cache, 0, device.upload(slots), GROUPED);
            CachedSequences sequences = CachedSequences.on(device, BOUNDS, tables, contexts, BLOCK, BLOCKS);
            return ops().attention().cachedAttention(qkv, cache, 0, sequences, GROUPED, window);
        }

        /** In f32, from which every device chooses the same tokens. */
        Tensor logits() {
            return device.upload(host(2, 3, WIDTH).toFloats(), 3, WIDTH);
        }

        List<SampleRow> choices() {
            return List.of(
                    new SampleRow(0, 0, 1, 0, 0, 0, LogitChanges.NONE),
                    new SampleRow(0.8f, 0, 0.9f, 0, 0.3, 0, LogitChanges.NONE),
                    new SampleRow(1.3f, 40, 1, 0.01f, 0.7, 0, LogitChanges.NONE));
        }
    }
}
