package dev.limbic.ops;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Settings of rows for tests. */
final class SampleRows {
    private SampleRows() {}

    static SampleRow greedy(LogitChanges changes) {
        return new SampleRow(0, 0, 1, 0, 0, 0, changes);
    }

    static SampleRow drawn(int topK, float topP, float minP, double draw) {
        return new SampleRow(1, topK, topP, minP, draw, 0, LogitChanges.NONE);
    }

    /** Adds to single logits. */
    static LogitChanges biased(int[] ids, float... biases) {
        float[] ones = new float[ids.length];
        Arrays.fill(ones, 1);
        return new LogitChanges(ids, biases, ones, new float[ids.length]);
    }

    static LogitChanges banned(int... ids) {
        float[] ones = new float[ids.length];
        Arrays.fill(ones, 1);
        float[] bans = new float[ids.length];
        Arrays.fill(bans, Float.NEGATIVE_INFINITY);
        return new LogitChanges(ids, new float[ids.length], ones, bans);
    }

    @SafeVarargs
    private static <T> T any(Random random, T... values) {
        return values[random.nextInt(values.length)];
    }

    /** Settings with corners, for a vocabulary. */
    static SampleRow random(Random random, int vocabulary) {
        return new SampleRow(
                any(random, 0f, 0.05f, 0.7f, 1f, 1.5f, 100f),
                any(random, 0, 0, 1, 2, 40, vocabulary, vocabulary + 3),
                any(random, 1f, 1f, 1e-30f, 0.3f, 0.9f, 0.999f, Math.nextDown(1f)),
                any(random, 0f, 0f, 1e-20f, 0.02f, 0.5f, 1f),
                any(random, 0.0, Math.nextDown(1.0), random.nextDouble(), random.nextDouble(), random.nextDouble()),
                any(random, 0, 1, 5, 20),
                random.nextBoolean() ? LogitChanges.NONE : changes(random, vocabulary));
    }

    static LogitChanges changes(Random random, int vocabulary) {
        List<Integer> all = new ArrayList<>(
                IntStream.range(0, Math.min(vocabulary, 700)).boxed().toList());
        Collections.shuffle(all, random);
        int[] ids = all.stream().limit(random.nextInt(1, 650)).mapToInt(i -> i).toArray();
        float[] before = new float[ids.length];
        float[] factors = new float[ids.length];
        float[] after = new float[ids.length];
        for (int i = 0; i < ids.length; i++) {
            before[i] = any(random, 0f, 0f, random.nextFloat(-3, 3));
            factors[i] = any(random, 1f, 1.3f, 0.5f);
            after[i] = any(random, 0f, -random.nextFloat(), any(random, 0f, Float.NEGATIVE_INFINITY));
        }
        return new LogitChanges(ids, before, factors, after);
    }
}
