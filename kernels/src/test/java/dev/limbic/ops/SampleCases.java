package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The choice of tokens: the oracle's, whatever the settings, the logits and the rows beside. */
interface SampleCases {
    Workbench bench();

    /** One row of a result. */
    record Sampled(float[] row, int places) {
        int id() {
            return (int) row[SampleRow.ID];
        }

        int outcome() {
            return (int) row[SampleRow.OUTCOME];
        }

        int alternative(int place) {
            return (int) row[SampleRow.FIRST_ALTERNATIVE + place];
        }

        float alternativeLogProbability(int place) {
            return row[SampleRow.FIRST_ALTERNATIVE + places + place];
        }
    }

    private List<Sampled> sample(Matrix logits, DType type, List<SampleRow> rows) {
        Tensor input = bench().upload(logits, type);
        Tensor output = bench().ops().sampling().sample(input, rows);
        int places = SampleRow.mostAlternatives(rows);
        assertThat(output.columns()).isEqualTo(SampleRow.FIRST_ALTERNATIVE + 2 * places);
        float[] values = bench().download(output);
        int columns = output.columns();
        float[] after = bench().download(input);
        assertThat(Arrays.equals(after, logits.values())).as("logits stay").isTrue();
        return IntStream.range(0, rows.size())
                .mapToObj(r -> new Sampled(Arrays.copyOfRange(values, r * columns, (r + 1) * columns), places))
                .toList();
    }

    private int[] ids(float[] logits, SampleRow... rows) {
        float[] all = new float[logits.length * rows.length];
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(logits, 0, all, r * logits.length, logits.length);
        }
        return sample(new Matrix(rows.length, logits.length, all), DType.F32, List.of(rows)).stream()
                .mapToInt(Sampled::id)
                .toArray();
    }

    /** Compares with the oracle; returns how many rows only tokens next to the border could explain. */
    private int check(String what, Matrix logits, DType type, List<SampleRow> rows) {
        List<Sampled> results = sample(logits, type, rows);
        int near = 0;
        for (int r = 0; r < rows.size(); r++) {
            String where = what + " " + type + " row " + r + " " + settings(rows.get(r));
            Sampled result = results.get(r);
            SampleOracle oracle = new SampleOracle(logits.rows(r, r + 1).values(), rows.get(r));
            assertThat(result.outcome()).as(where).isEqualTo(oracle.outcome());
            if (result.outcome() == SampleRow.NOT_FINITE) {
                assertThat(result.id()).as(where).isEqualTo(oracle.firstNotFinite());
                assertThat(Float.compare(result.row()[SampleRow.LOG_PROBABILITY], logits.at(r, result.id())))
                        .as(where)
                        .isZero();
            } else {
                checkAlternatives(where, result, oracle);
            }
            if (result.outcome() == SampleRow.CHOSEN) {
                if (result.id() != oracle.choice()) {
                    assertThat(oracle.choicesNearby()).as(where).contains(result.id());
                    near++;
                }
                close(where, result.row()[SampleRow.LOG_PROBABILITY], oracle.logProbability(result.id()));
            }
        }
        return near;
    }

    /** The probability of a token may be too small for a logarithm in f32. */
    private static void close(String where, float actual, double logProbability) {
        if (logProbability < -Float.MAX_VALUE) {
            assertThat(actual).as(where).isEqualTo(Float.NEGATIVE_INFINITY);
        } else {
            double tolerance = 3e-6 + 1e-6 * Math.abs(logProbability);
            assertThat((double) actual).as(where).isEqualTo(logProbability, within(tolerance));
        }
    }

    private static String settings(SampleRow row) {
        return String.format(
                "[temperature %s, k %d, p %s, min %s, draw %s, %d changes]",
                row.temperature(),
                row.topK(),
                row.topP(),
                row.minP(),
                row.draw(),
                row.changes().count());
    }

    private static void checkAlternatives(String where, Sampled result, SampleOracle oracle) {
        List<Integer> expected = oracle.alternatives();
        for (int place = 0; place < result.places(); place++) {
            if (place < expected.size()) {
                assertThat(result.alternative(place)).as(where).isEqualTo(expected.get(place));
                close(where, result.alternativeLogProbability(place), oracle.logProbability(expected.get(place)));
            } else {
                assertThat(result.alternative(place)).as(where).isEqualTo(-1);
                assertThat(result.alternativeLogProbability(place)).as(where).isZero();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 31, 1000, 6144})
    default void sampleChoosesWhatTheOracleChooses(int vocabulary) {
        Random random = bench().random();
        int near = 0;
        int count = 0;
        int rounds = vocabulary < 1000 ? 6 : 2;
        for (DType type : bench().types()) {
            for (int round = 0; round < rounds; round++) {
                List<SampleRow> rows = random.ints(round == 0 ? 1 : 13)
                        .mapToObj(i -> SampleRows.random(random, vocabulary))
                        .toList();
                Matrix logits =
                        bench().normal(rows.size(), vocabulary, 1 + 3 * round).storedAs(type);
                if (round % 2 == 1) {
                    for (int i = 0; i < logits.values().length; i++) {
                        logits.values()[i] = Math.round(logits.values()[i]); // ties
                    }
                }
                near += check("sample of " + vocabulary, logits, type, rows);
                count += rows.size();
            }
        }
        assertThat(near).as("choices at a border, of " + count).isLessThanOrEqualTo(1 + count / 20);
    }

    @Test
    default void sampleOfALargeVocabularyMatchesTheOracle() {
        int vocabulary = 50257;
        List<SampleRow> rows = List.of(
                new SampleRow(0.7f, 0, 0.9f, 0, 0.4321, 5, LogitChanges.NONE),
                new SampleRow(1, 0, 1, 0, 0.98765, 0, SampleRows.banned(7, 50256)),
                new SampleRow(1.2f, 300, 0.95f, 0.01f, 0.5, 20, SampleRows.changes(bench().random(), vocabulary)));
        check("sample", bench().normal(3, vocabulary, 2), DType.F32, rows);
    }

    @Test
    default void sampleDrawsInProportion() {
        // ln of 16, 8, 4, 2, 1, 1: shares of 1/2, 1/4, 1/8, 1/16, 1/32, 1/32.
        float[] halves = {2.7725887f, 2.0794415f, 1.3862944f, 0.6931472f, 0, 0};
        SampleRow[] rows = new SampleRow[64];
        Arrays.setAll(rows, i -> SampleRows.drawn(0, 1, 0, (i + 0.5) / 64));
        int[] counts = new int[6];
        for (int id : ids(halves, rows)) {
            counts[id]++;
        }
        assertThat(counts).containsExactly(32, 16, 8, 4, 2, 2);
    }

    @Test
    default void sampleTruncatesAsItSays() {
        float[] halves = {0, 2.7725887f, 2.0794415f, 1.3862944f, 0.6931472f, 0};
        double last = Math.nextDown(1.0);
        int[] lasts = ids(
                halves,
                SampleRows.drawn(0, 1, 0, last),
                SampleRows.drawn(5, 1, 0, last), // of the two that are equal the lower id is kept
                SampleRows.drawn(5, 1, 0, 0),
                SampleRows.drawn(3, 1, 0, last),
                SampleRows.drawn(0, 0.74f, 0, last),
                SampleRows.drawn(0, 0.76f, 0, last),
                SampleRows.drawn(0, 1e-30f, 0, last),
                SampleRows.drawn(0, 1, 0.2f, last),
                SampleRows.drawn(2, 0.7f, 0, last), // the share is of what top-k left
                SampleRows.drawn(2, 0.66f, 0, last),
                SampleRows.drawn(0, 0.9f, 0.2f, last),
                SampleRows.drawn(1, 1, 0, last),
                SampleRows.drawn(99, 1, 0, last));
        assertThat(lasts).containsExactly(5, 4, 0, 3, 2, 3, 1, 3, 2, 1, 3, 1, 5);
    }

    @Test
    default void sampleTakesLowerIdsOfEqualOnes() {
        float[] flat = new float[1000];
        flat[500] = -0f;
        double last = Math.nextDown(1.0);
        assertThat(ids(
                        flat,
                        SampleRows.greedy(LogitChanges.NONE),
                        SampleRows.drawn(0, 1, 0, 0),
                        SampleRows.drawn(0, 1, 0, last),
                        SampleRows.drawn(10, 1, 0, last),
                        SampleRows.drawn(0, 0.25f, 0, last),
                        SampleRows.drawn(0, 1, 1, 0.5),
                        SampleRows.drawn(600, 0.5f, 0.3f, last)))
                .containsExactly(0, 0, 999, 9, 249, 500, 299);
        assertThat(ids(new float[] {1, 3, 2, 3}, SampleRows.greedy(LogitChanges.NONE)))
                .containsExactly(1);
    }

    @Test
    default void sampleChangesLogitsFirst() {
        float[] logits = {4, 3.5f, -1, -1.2f};
        LogitChanges repeated = new LogitChanges(new int[] {0, 2}, new float[2], new float[] {2, 2}, new float[2]);
        LogitChanges biasThenPenalty = new LogitChanges(
                new int[] {2}, new float[] {9}, new float[] {2}, new float[] {-0.6f}); // (−1 + 9)/2 − 0.6 = 3.4
        assertThat(ids(
                        logits,
                        SampleRows.greedy(LogitChanges.NONE),
                        SampleRows.greedy(repeated),
                        SampleRows.greedy(SampleRows.biased(new int[] {3}, 6)),
                        SampleRows.greedy(SampleRows.banned(0)),
                        SampleRows.greedy(SampleRows.banned(0, 1)),
                        SampleRows.greedy(biasThenPenalty),
                        new SampleRow(1, 1, 1, 0, 0.5, 0, SampleRows.biased(new int[] {2}, 30))))
                .containsExactly(0, 1, 3, 1, 2, 0, 2);
        float[] negative = {-1, -1.2f, -9, -9};
        assertThat(ids(negative, SampleRows.greedy(repeated)))
                .as("a penalty lowers")
                .containsExactly(1);
    }

    @Test
    default void sampleLeavesWhatIsNotBanned() {
        int vocabulary = 777;
        int[] others = IntStream.range(0, vocabulary).filter(id -> id != 600).toArray();
        int[] all = IntStream.range(0, vocabulary).toArray();
        List<SampleRow> rows = List.of(
                new SampleRow(1, 0, 0.9f, 0.1f, 0.99, 3, SampleRows.banned(others)),
                new SampleRow(1, 50, 1, 0, 0.99, 0, SampleRows.banned(all)),
                SampleRows.greedy(SampleRows.banned(all)),
                new SampleRow(1, 50, 1, 0, Math.nextDown(1.0), 0, SampleRows.banned(others)),
                SampleRows.greedy(SampleRows.banned(others)));
        for (DType type : bench().types()) {
            check("bans", bench().normal(rows.size(), vocabulary).storedAs(type), type, rows);
        }
    }

    @Test
    default void sampleMarksRowsThatAreNotFiniteAndNoOther() {
        int vocabulary = 300;
        for (DType type : bench().types()) {
            Matrix good = bench().normal(7, vocabulary).storedAs(type);
            List<SampleRow> rows = IntStream.range(0, 7)
                    .mapToObj(i -> i == 3
                            ? SampleRows.greedy(LogitChanges.NONE)
                            : SampleRows.random(bench().random(), vocabulary))
                    .toList();
            Matrix bad = good.with(1, 299, Float.NaN)
                    .with(1, 17, Float.NaN)
                    .with(3, 0, Float.intBitsToFloat(0xFFC00001))
                    .with(5, 31, Float.NEGATIVE_INFINITY)
                    .with(6, 5, Float.POSITIVE_INFINITY);
            check("not finite", bad, type, rows);
            List<Sampled> before = sample(good, type, rows);
            List<Sampled> after = sample(bad, type, rows);
            for (int r : new int[] {0, 2, 4}) {
                assertThat(after.get(r).row()).containsExactly(before.get(r).row());
            }
            float[] none = new float[vocabulary];
            Arrays.fill(none, Float.NEGATIVE_INFINITY);
            check("all −∞", new Matrix(1, vocabulary, none), type, rows.subList(0, 1));
        }
    }

    @Test
    default void sampleSurvivesExtremeLogits() {
        float[] huge = {-3e38f, 3e38f, -3e38f, 0, 2.9e38f};
        float[] tiny = {1e-30f, 0, -1e-30f, 1e-40f, 2e-30f};
        float[] far = {1e6f, 1e6f + 1, 1e6f - 1, 1e6f + 0.5f, 1e6f - 30};
        LogitChanges overflow = new LogitChanges(
                new int[] {1, 4}, new float[] {3e38f, 3e38f}, new float[] {0.1f, 0.1f}, new float[] {3e38f, 0});
        for (float[] logits : List.of(huge, tiny, far)) {
            List<SampleRow> rows = new ArrayList<>();
            for (float temperature : new float[] {0, 1e-40f, 1e-30f, 0.01f, 1, 100}) {
                for (double draw : new double[] {0, 0.3, 0.7, Math.nextDown(1.0)}) {
                    rows.add(new SampleRow(temperature, 0, 1, 0, draw, 5, LogitChanges.NONE));
                    rows.add(new SampleRow(temperature, 4, 0.8f, 0.1f, draw, 0, overflow));
                }
            }
            float[] all = new float[rows.size() * 5];
            for (int i = 0; i < all.length; i++) {
                all[i] = logits[i % 5];
            }
            check("extreme " + Arrays.toString(logits), new Matrix(rows.size(), 5, all), DType.F32, rows);
        }
    }

    @Test
    default void sampleOfARowIsTheSameInAnyCompany() {
        int vocabulary = 2000;
        for (DType type : bench().types()) {
            Matrix logits = bench().normal(9, vocabulary, 3).storedAs(type);
            List<SampleRow> rows = IntStream.range(0, 9)
                    .mapToObj(i -> SampleRows.random(bench().random(), vocabulary))
                    .toList();
            List<Sampled> together = sample(logits, type, rows);
            for (int r = 0; r < 9; r++) {
                Sampled alone = sample(logits.rows(r, r + 1), type, rows.subList(r, r + 1))
                        .getFirst();
                float[] ours = together.get(r).row();
                assertThat(Arrays.copyOf(alone.row(), 3)).containsExactly(Arrays.copyOf(ours, 3));
            }
        }
    }

    @Test
    default void sampleOfNoRowsIsEmpty() {
        assertThat(sample(new Matrix(0, 31, new float[0]), DType.F32, List.of()))
                .isEmpty();
    }

    private static void refused(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("sample");
    }

    @Test
    default void sampleNamesItself() {
        Ops ops = bench().ops();
        Tensor logits = bench().device().upload(new float[20], 2, 10);
        SampleRow row = SampleRows.greedy(LogitChanges.NONE);
        refused(() -> ops.sampling().sample(logits, List.of(row)));
        refused(() -> ops.sampling().sample(bench().device().upload(new int[2]), List.of(row, row)));
        refused(() -> ops.sampling().sample(logits, List.of(row, SampleRows.greedy(SampleRows.banned(10)))));
        refused(() -> ops.sampling().sample(logits, List.of(row, SampleRows.greedy(SampleRows.banned(-1)))));
        refused(() -> ops.sampling().sample(logits, List.of(row, SampleRows.greedy(SampleRows.banned(3, 1, 3)))));
        refused(() -> SampleRows.biased(new int[] {1}, Float.NaN));
        refused(() -> SampleRows.biased(new int[] {1}));
        refused(() -> new LogitChanges(new int[1], new float[1], new float[1], new float[1]));
        refused(() -> SampleRows.drawn(0, 0, 0, 0));
        refused(() -> SampleRows.drawn(0, 1, Float.NaN, 0));
        refused(() -> SampleRows.drawn(-1, 1, 0, 0));
        refused(() -> SampleRows.drawn(0, 1, 0, 1));
        refused(() -> new SampleRow(-1, 0, 1, 0, 0, 0, LogitChanges.NONE));
        refused(() -> new SampleRow(101, 0, 1, 0, 0, 0, LogitChanges.NONE));
        refused(() -> new SampleRow(1, 0, 1, 0, 0, 21, LogitChanges.NONE));
    }
}
