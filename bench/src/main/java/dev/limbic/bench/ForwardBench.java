package dev.limbic.bench;

import dev.limbic.layer.EncoderLayer;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Device;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Sequences;
import dev.limbic.ops.Weights;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * A forward pass of BERT-base's shape (12 layers, H 768, I 3072, 12 heads) against its own products: the same matmuls,
 * bare, by oneDNN and OpenMP, in the same run and turn by turn. The ratio is what embedding, attention, normalisation,
 * quantisation and scheduling leave of the hardware's rate.
 */
final class ForwardBench {
    private static final int HIDDEN = 768;
    private static final int INTERMEDIATE = 3072;
    private static final int HEADS = 12;
    private static final int LAYERS = 12;
    private static final int VOCABULARY = 30522;
    private static final int ROUNDS = 15;

    /** OpenMP's threads go on spinning for milliseconds after their work; the other side must not pay for that. */
    private static final long SETTLE_MILLIS = 40;

    private final int threads;
    private final Random random = new Random(1);

    ForwardBench(int threads) {
        this.threads = threads;
    }

    /** Runs all precisions on both batches, prints a table and returns the goals. */
    List<Goal> run() {
        List<Goal> goals = new ArrayList<>();
        int[] even = new int[8];
        Arrays.fill(even, 32);
        int[] mixed = mixedLengths();
        try (Device device = new CpuDevice(threads)) {
            System.out.println("BERT-base shape, " + device.description());
            System.out.printf(
                    "%-6s %-22s %12s %12s %12s %12s %8s%n",
                    "", "batch", "forward ms", "bare ms", "forward GOP/s", "bare GOP/s", "ratio");
            for (Precision precision : Precision.values()) {
                if (!device.supports(precision)) {
                    System.out.println(precision + ": this processor has no instructions for it, skipped");
                    continue;
                }
                try (Weights weights = device.weights()) {
                    Stack stack = new Stack(weights, precision);
                    double ratio = measure(device, stack, precision, even, "8 x 32");
                    double ratioMixed = measure(device, stack, precision, mixed, "64 mixed (4-128)");
                    double wanted = switch (precision) {
                        case F32 -> 0.85;
                        case F16 -> throw new IllegalStateException("the CPU has no f16");
                        case BF16 -> 0.75;
                        case INT8 -> 0.55;
                    };
                    String name = "forward-" + precision.name().toLowerCase(Locale.ROOT);
                    goals.add(new Goal(name + "-8x32", ratio, wanted, "of bare matmuls", false));
                    goals.add(new Goal(name + "-mixed", ratioMixed, ratio - 0.10, "of bare matmuls", false));
                }
            }
        }
        return goals;
    }

    /** 64 lengths between 4 and 128 with a long tail and a mean near 24, as chat lines have. */
    private static int[] mixedLengths() {
        Random random = new Random(7);
        int[] lengths = new int[64];
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = (int) Math.clamp(4 - 20 * Math.log(1 - random.nextDouble()), 4, 128);
        }
        return lengths;
    }

    private double measure(Device device, Stack stack, Precision precision, int[] lengths, String name) {
        int tokens = Arrays.stream(lengths).sum();
        int[] bounds = new int[lengths.length + 1];
        int[] ids = new int[tokens];
        for (int b = 0; b < lengths.length; b++) {
            bounds[b + 1] = bounds[b] + lengths[b];
        }
        for (int t = 0; t < tokens; t++) {
            ids[t] = random.nextInt(VOCABULARY);
        }
        try (Arena arena = Arena.ofShared()) {
            BareMatmul.useOpenMpThreads(threads);
            // Each layer has weights of its own here too: both sides move the same bytes.
            List<BareMatmul> products = new ArrayList<>();
            for (int layer = 0; layer < LAYERS; layer++) {
                products.add(new BareMatmul(tokens, HIDDEN, 3 * HIDDEN, precision, arena));
                products.add(new BareMatmul(tokens, HIDDEN, HIDDEN, precision, arena));
                products.add(new BareMatmul(tokens, HIDDEN, INTERMEDIATE, precision, arena));
                products.add(new BareMatmul(tokens, INTERMEDIATE, HIDDEN, precision, arena));
            }
            double operations =
                    products.stream().mapToDouble(BareMatmul::operations).sum();
            double[] forward = new double[ROUNDS];
            double[] bare = new double[ROUNDS];
            for (int round = -5; round < ROUNDS; round++) {
                BareMatmul.useOpenMpThreads(1);
                Turns.settle(SETTLE_MILLIS);
                long start = System.nanoTime();
                stack.forward(device, ids, bounds);
                long middle = System.nanoTime();
                BareMatmul.useOpenMpThreads(threads);
                Turns.settle(SETTLE_MILLIS);
                long again = System.nanoTime();
                products.forEach(BareMatmul::run);
                long end = System.nanoTime();
                if (round >= 0) {
                    forward[round] = (middle - start) / 1e9;
                    bare[round] = (end - again) / 1e9;
                }
            }
            BareMatmul.useOpenMpThreads(1);
            double f = median(forward);
            double p = median(bare);
            System.out.printf(
                    Locale.ROOT,
                    "%-6s %-22s %12.1f %12.1f %12.0f %12.0f %8.3f%n",
                    precision,
                    name + ", " + tokens + " tok",
                    f * 1e3,
                    p * 1e3,
                    operations / f / 1e9,
                    operations / p / 1e9,
                    p / f);
            return p / f;
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Embeddings, layers, pooler and classifier with random weights. */
    private final class Stack {
        private final Tensor words;
        private final Tensor positions;
        private final Norm norm;
        private final List<EncoderLayer> layers = new ArrayList<>();
        private final Linear pooler;
        private final Linear classifier;

        Stack(Weights weights, Precision precision) {
            words = weights.tensor(normal(VOCABULARY, HIDDEN), precision.activations());
            positions = weights.tensor(normal(512, HIDDEN), precision.activations());
            norm = norm(weights);
            for (int i = 0; i < LAYERS; i++) {
                layers.add(new EncoderLayer(
                        linear(weights, 3 * HIDDEN, HIDDEN, precision),
                        linear(weights, HIDDEN, HIDDEN, precision),
                        norm(weights),
                        linear(weights, INTERMEDIATE, HIDDEN, precision),
                        Activation.GELU,
                        linear(weights, HIDDEN, INTERMEDIATE, precision),
                        norm(weights),
                        HEADS,
                        false));
            }
            pooler = linear(weights, HIDDEN, HIDDEN, Precision.F32);
            classifier = linear(weights, 28, HIDDEN, Precision.F32);
        }

        private HostTensor normal(int rows, int columns) {
            float[] values = new float[rows * columns];
            for (int i = 0; i < values.length; i++) {
                values[i] = (random.nextFloat() - 0.5f) * 0.14f; // the spread of BERT's initialisation
            }
            return HostTensor.of(Shape.of(rows, columns), values);
        }

        private Linear linear(Weights weights, int out, int in, Precision precision) {
            return weights.linear(normal(out, in), HostTensor.of(Shape.of(out), new float[out]), precision);
        }

        private Norm norm(Weights weights) {
            float[] ones = new float[HIDDEN];
            Arrays.fill(ones, 1);
            return new Norm(
                    weights.tensor(HostTensor.of(Shape.of(HIDDEN), ones), DType.F32),
                    weights.tensor(HostTensor.of(Shape.of(HIDDEN), new float[HIDDEN]), DType.F32),
                    1e-12f);
        }

        void forward(Device device, int[] ids, int[] bounds) {
            device.beginBatch();
            Ops ops = device.ops();
            int count = bounds.length - 1;
            int[] place = new int[ids.length];
            for (int b = 0; b < count; b++) {
                for (int t = bounds[b]; t < bounds[b + 1]; t++) {
                    place[t] = t - bounds[b];
                }
            }
            Sequences sequences = Sequences.on(device, bounds);
            Tensor hidden = ops.rows()
                    .embed(
                            List.of(new Lookup(words, device.upload(ids)), new Lookup(positions, device.upload(place))),
                            norm);
            for (EncoderLayer layer : layers) {
                layer.forward(ops, hidden, sequences);
            }
            Tensor first = ops.rows().gatherRows(hidden, device.upload(Arrays.copyOf(bounds, count)));
            Tensor pooled = ops.rows().linear(first, pooler, Activation.TANH);
            device.download(ops.rows().linear(pooled, classifier, Activation.NONE));
        }
    }
}
