package dev.limbic.bench;

import dev.limbic.generate.NextToken;
import dev.limbic.generate.Step;
import dev.limbic.model.Decoder;
import dev.limbic.model.Kinds;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.ops.cpu.CpuDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Steps of a decoder of GPT-2 small's shape. Decoding reads every weight once a step, so its limit is the rate at which
 * the same threads read memory; prefill computes, so its limit is the rate of its own products, bare. All sides take
 * turns in one run: what others do on the machine and on its memory hits all of them.
 */
final class DecodeBench {
    static final int BLOCK_TOKENS = 16;
    private static final int CONTEXT = 64;
    private static final long CACHE_BYTES = 256L << 20;
    private static final int BATCH = 8;
    private static final int PROMPT = 512;
    private static final int ROUNDS = 40;
    private static final int STEPS = 4;

    /** Enough for the compiler to be done with every kernel. */
    private static final int WARM_UP = 400;

    /** OpenMP's threads go on spinning for milliseconds after their work; the other side must not pay for that. */
    private static final long SETTLE_MILLIS = 40;

    private final int threads;
    private final Random random = new Random(1);

    DecodeBench(int threads) {
        this.threads = threads;
    }

    /** Runs all precisions, prints a table and returns the goals. */
    List<Goal> run() throws IOException {
        List<Goal> goals = new ArrayList<>();
        Path folder = Files.createTempDirectory("limbic-gpt2");
        try (Device device = new CpuDevice(threads);
                Weights buffer = device.weights()) {
            RandomGpt2.write(folder);
            StreamRate stream = new StreamRate(buffer, threads);
            System.out.println("GPT-2 small shape, " + device.description());
            System.out.printf(
                    "%-6s %-22s %10s %10s %10s %10s %8s%n", "", "step", "ms", "tokens/s", "GB/s", "limit", "ratio");
            for (Precision precision : new Precision[] {Precision.BF16, Precision.INT8}) {
                if (!device.supports(precision)) {
                    System.out.println(precision + ": this processor has no instructions for it, skipped");
                    continue;
                }
                try (Decoder decoder = Kinds.LANGUAGE.decoder(folder, device, precision, BLOCK_TOKENS, CACHE_BYTES)) {
                    decode(decoder, stream, precision, goals);
                    prefill(decoder, precision, goals);
                }
            }
        } finally {
            deleteTree(folder);
        }
        return goals;
    }

    static void deleteTree(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** New tokens of sequences that each own the blocks behind one another; the token after each one's last row. */
    static Step step(Random random, int sequences, int held, int rows) {
        int tableLength = Math.ceilDiv(held + rows, BLOCK_TOKENS);
        int[] ids =
                random.ints((long) sequences * rows, 0, RandomGpt2.VOCABULARY).toArray();
        int[] positions = new int[ids.length];
        int[] slots = new int[ids.length];
        int[] bounds = new int[sequences + 1];
        int[] contexts = new int[sequences];
        int[][] tables = new int[sequences][tableLength];
        int[] last = new int[sequences];
        for (int b = 0; b < sequences; b++) {
            bounds[b + 1] = bounds[b] + rows;
            contexts[b] = held + rows;
            last[b] = bounds[b + 1] - 1;
            int firstBlock = b * tableLength;
            Arrays.setAll(tables[b], j -> firstBlock + j);
            for (int i = 0; i < rows; i++) {
                positions[bounds[b] + i] = held + i;
                slots[bounds[b] + i] = firstBlock * BLOCK_TOKENS + held + i;
            }
        }
        List<NextToken> greedy = Collections.nCopies(sequences, NextToken.GREEDY);
        return new Step(ids, positions, slots, bounds, contexts, tables, last, greedy, rows == 1 ? sequences : 0);
    }

    /**
     * A round is compared with what memory gives right before and right after it, the better of both: on a shared
     * machine that changes by a factor of two from one second to the next. The median over all rounds counts.
     */
    private void decode(Decoder decoder, StreamRate stream, Precision precision, List<Goal> goals) {
        Step one = step(random, 1, CONTEXT, 1);
        Step many = step(random, BATCH, CONTEXT, 1);
        for (int i = 0; i < WARM_UP; i++) {
            decoder.run(i % 2 == 0 ? one : many);
        }
        // The head's weights are those of the embedding, in the precision of the products.
        double bytes = RandomGpt2.weightsOfStep() * (precision == Precision.INT8 ? 1.0 : 2.0);
        double[][] seconds = new double[2][ROUNDS];
        double[][] limits = new double[2][ROUNDS];
        double[][] ratios = new double[2][ROUNDS];
        double[] gains = new double[ROUNDS];
        double before = stream.measure();
        for (int round = 0; round < ROUNDS; round++) {
            for (int s = 0; s < 2; s++) {
                seconds[s][round] = best(decoder, s == 0 ? one : many);
                double after = stream.measure();
                limits[s][round] = Math.max(before, after);
                ratios[s][round] = bytes / seconds[s][round] / limits[s][round];
                before = after;
            }
            gains[round] = BATCH * seconds[0][round] / seconds[1][round];
        }
        String name = precision.name().toLowerCase(Locale.ROOT);
        for (int s = 0; s < 2; s++) {
            double time = median(seconds[s]);
            int rows = s == 0 ? 1 : BATCH;
            row(
                    name,
                    "decode batch " + rows,
                    time,
                    rows,
                    bytes / time / 1e9,
                    median(limits[s]) / 1e9,
                    median(ratios[s]));
        }
        goals.add(new Goal("decode " + name + " batch 1", median(ratios[0]), 0.70, "of memory's rate", false));
        goals.add(new Goal("decode " + name + " batch " + BATCH, median(gains), 4, "x the tokens of batch 1", false));
    }

    private static double best(Decoder decoder, Step step) {
        double best = Double.MAX_VALUE;
        for (int i = 0; i < STEPS; i++) {
            best = Math.min(best, seconds(decoder, step));
        }
        return best;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    static double seconds(Decoder decoder, Step step) {
        long start = System.nanoTime();
        decoder.run(step);
        return (System.nanoTime() - start) / 1e9;
    }

    private void prefill(Decoder decoder, Precision precision, List<Goal> goals) {
        Step step = step(random, 1, 0, PROMPT);
        try (Arena arena = Arena.ofShared()) {
            BareMatmul.useOpenMpThreads(threads);
            List<BareMatmul> products = new ArrayList<>();
            int h = RandomGpt2.HIDDEN;
            for (int layer = 0; layer < RandomGpt2.LAYERS; layer++) {
                products.add(new BareMatmul(PROMPT, h, 3 * h, precision, arena));
                products.add(new BareMatmul(PROMPT, h, h, precision, arena));
                products.add(new BareMatmul(PROMPT, h, RandomGpt2.INNER, precision, arena));
                products.add(new BareMatmul(PROMPT, RandomGpt2.INNER, h, precision, arena));
            }
            products.add(new BareMatmul(1, h, RandomGpt2.VOCABULARY, precision, arena));
            double operations =
                    products.stream().mapToDouble(BareMatmul::operations).sum();
            double whole = Double.MAX_VALUE;
            double bare = Double.MAX_VALUE;
            for (int round = 0; round < ROUNDS / 2; round++) {
                BareMatmul.useOpenMpThreads(1);
                Turns.settle(SETTLE_MILLIS);
                whole = Math.min(whole, seconds(decoder, step));
                BareMatmul.useOpenMpThreads(threads);
                Turns.settle(SETTLE_MILLIS);
                long start = System.nanoTime();
                products.forEach(BareMatmul::run);
                bare = Math.min(bare, (System.nanoTime() - start) / 1e9);
            }
            BareMatmul.useOpenMpThreads(1);
            Turns.settle(SETTLE_MILLIS);
            String name = precision.name().toLowerCase(Locale.ROOT);
            System.out.printf(
                    Locale.ROOT,
                    "%-6s %-22s %10.1f %10.0f %21s %8.3f%n",
                    name,
                    "prefill " + PROMPT,
                    whole * 1e3,
                    PROMPT / whole,
                    String.format(Locale.ROOT, "%.0f of %.0f GOP/s", operations / whole / 1e9, operations / bare / 1e9),
                    bare / whole);
            goals.add(new Goal("prefill " + name + " " + PROMPT, bare / whole, 0.75, "of bare matmuls", false));
        }
    }

    private static void row(
            String precision, String step, double seconds, int tokens, double rate, double limit, double ratio) {
        System.out.printf(
                Locale.ROOT,
                "%-6s %-22s %10.2f %10.0f %10.1f %10.1f %8.3f%n",
                precision,
                step,
                seconds * 1e3,
                tokens / seconds,
                rate,
                limit,
                ratio);
    }
}
