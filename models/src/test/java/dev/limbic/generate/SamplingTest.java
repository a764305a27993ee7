package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What settings and history mean, from the planner to the device's choice. */
class SamplingTest {
    /** ln of 16, 8, 4, 2, 1, 1: shares of 1/2, 1/4, 1/8, 1/16, 1/32, 1/32. */
    private static final float[] HALVES = {2.7725887f, 2.0794415f, 1.3862944f, 0.6931472f, 0, 0};

    private static Choice choose(float[] logits, Settings settings, List<Integer> prompt, List<Integer> reply) {
        SamplingRules rules = new SamplingRules(settings.built(), logits.length);
        int[] ids = prompt.stream().mapToInt(Integer::intValue).toArray();
        TokenHistory history =
                new TokenHistory(ids, settings.built().penalties().any());
        reply.forEach(history::append);
        NextToken next = new NextTokenPlanner(logits.length, TokenRules.NONE).of(rules, history, false);
        return HostSampler.choose(logits, logits.length, List.of(next)).getFirst();
    }

    private static int greedy(float[] logits, Settings settings, List<Integer> prompt, List<Integer> reply) {
        return choose(logits, settings, prompt, reply).id();
    }

    /** How often each token is drawn over many seeds. */
    private static int[] histogram(float[] logits, Settings settings) {
        NextTokenPlanner planner = new NextTokenPlanner(logits.length, TokenRules.NONE);
        TokenHistory history = new TokenHistory(new int[] {0}, false);
        int draws = 4000;
        float[] rows = new float[draws * logits.length];
        List<NextToken> nextTokens = new ArrayList<>();
        for (int seed = 0; seed < draws; seed++) {
            System.arraycopy(logits, 0, rows, seed * logits.length, logits.length);
            nextTokens.add(planner.of(new SamplingRules(settings.seed(seed).built(), logits.length), history, false));
        }
        int[] counts = new int[logits.length];
        HostSampler.choose(rows, logits.length, nextTokens).forEach(choice -> counts[choice.id()]++);
        return counts;
    }

    private static Set<Integer> drawn(float[] logits, Settings settings) {
        Set<Integer> ids = new TreeSet<>();
        int[] counts = histogram(logits, settings);
        for (int id = 0; id < counts.length; id++) {
            if (counts[id] > 0) {
                ids.add(id);
            }
        }
        return ids;
    }

    @Test
    void equalsTheObviousSamplerOnRandomRequests() {
        Random random = new Random(11);
        for (int round = 0; round < 6000; round++) {
            int vocabulary = round % 50 == 0 ? 3000 : random.nextInt(2, 90);
            float[] logits = new float[vocabulary];
            boolean ties = random.nextInt(4) == 0;
            for (int i = 0; i < vocabulary; i++) {
                logits[i] = ties ? random.nextInt(-3, 4) : (float) random.nextGaussian() * (1 + round % 5);
            }
            Settings settings = Settings.greedy(9)
                    .temperature(random.nextInt(4) == 0 ? 0 : 0.2f + 2 * random.nextFloat())
                    .truncation(
                            random.nextInt(3) == 0 ? 0 : random.nextInt(vocabulary + 3),
                            random.nextBoolean() ? 1 : Math.max(0.01f, random.nextFloat()),
                            random.nextBoolean() ? 0 : random.nextFloat() * 0.5f)
                    .penalties(
                            random.nextBoolean() ? 1 : 0.5f + random.nextFloat(),
                            random.nextBoolean() ? 0 : random.nextFloat(-2, 2),
                            random.nextBoolean() ? 0 : random.nextFloat(-2, 2))
                    .bias(random.nextBoolean() ? Map.of() : bias(random, vocabulary))
                    .banned(
                            random.nextBoolean()
                                    ? List.of()
                                    : List.of(ids(random, 1, 2), ids(random, 2, 2), List.of(1)))
                    .ending(List.of(random.nextInt(vocabulary)), List.of(), random.nextInt(5), 9)
                    .seed(random.nextLong())
                    .alternatives(random.nextInt(6));
            if (vocabulary < 4) {
                settings = settings.banned(List.of()).ending(List.of(), List.of(), 0, 9);
            }
            List<Integer> prompt = ids(random, 1 + random.nextInt(6), Math.min(vocabulary, 6));
            List<Integer> reply = ids(random, random.nextInt(6), Math.min(vocabulary, 6));
            Choice choice = choose(logits, settings, prompt, reply);
            double[] expected = ObviousSampler.logProbabilities(logits);
            assertThat(choice.id())
                    .as("round %d, %s", round, settings.built())
                    .isEqualTo(ObviousSampler.choose(logits, settings.built(), prompt, reply));
            assertThat((double) choice.logProbability()).isEqualTo(expected[choice.id()], within(1e-4));
            List<Integer> alternatives =
                    ObviousSampler.alternatives(logits, settings.built().alternatives());
            assertThat(choice.alternatives().stream().map(GeneratedToken.Alternative::id))
                    .isEqualTo(alternatives);
            for (int i = 0; i < alternatives.size(); i++) {
                assertThat((double) choice.alternatives().get(i).logProbability())
                        .isEqualTo(expected[alternatives.get(i)], within(1e-4));
            }
        }
    }

    private static Map<Integer, Float> bias(Random random, int vocabulary) {
        Map<Integer, Float> bias = new HashMap<>();
        for (int i = 0; i < 5; i++) {
            bias.put(random.nextInt(vocabulary), random.nextFloat(-9, 9));
        }
        return bias;
    }

    private static List<Integer> ids(Random random, int count, int bound) {
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ids.add(random.nextInt(bound));
        }
        return ids;
    }

    @Test
    void drawsInProportionToTheProbabilities() {
        int[] counts = histogram(HALVES, Settings.drawn(0, 9));
        int[] expected = {2000, 1000, 500, 250, 125, 125};
        for (int id = 0; id < counts.length; id++) {
            assertThat(counts[id]).isCloseTo(expected[id], within(4 * (int) Math.sqrt(expected[id]) + 5));
        }
    }

    @Test
    void temperatureSharpensAndFlattens() {
        Settings settings = Settings.drawn(0, 9);
        assertThat(greedy(HALVES, settings.temperature(0).seed(5), List.of(0), List.of()))
                .isZero();
        assertThat(histogram(HALVES, settings.temperature(0.25f))[0]).isGreaterThan(3600);
        assertThat(histogram(HALVES, settings.temperature(100))[5]).isBetween(550, 780);
    }

    @Test
    void greedyTakesTheLowestIdOfEqualOnes() {
        assertThat(greedy(new float[] {1, 3, 2, 3}, Settings.greedy(9), List.of(0), List.of()))
                .isEqualTo(1);
    }

    @Test
    void truncationKeepsWhatItSays() {
        Settings settings = Settings.drawn(0, 9);
        assertThat(drawn(HALVES, settings)).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(drawn(HALVES, settings.truncation(3, 1, 0))).containsExactly(0, 1, 2);
        assertThat(drawn(HALVES, settings.truncation(5, 1, 0)))
                .as("of equal ones the lower id")
                .containsExactly(0, 1, 2, 3, 4);
        assertThat(drawn(HALVES, settings.truncation(0, 0.74f, 0))).containsExactly(0, 1);
        assertThat(drawn(HALVES, settings.truncation(0, 0.76f, 0))).containsExactly(0, 1, 2);
        assertThat(drawn(HALVES, settings.truncation(0, 0.0001f, 0))).containsExactly(0);
        assertThat(drawn(HALVES, settings.truncation(0, 1, 0.2f))).containsExactly(0, 1, 2);
        assertThat(drawn(HALVES, settings.truncation(2, 0.7f, 0)))
                .as("the share is of what top-k left")
                .containsExactly(0, 1);
        assertThat(drawn(HALVES, settings.truncation(2, 0.66f, 0))).containsExactly(0);
        assertThat(drawn(HALVES, settings.truncation(0, 0.9f, 0.2f))).containsExactly(0, 1, 2);
    }

    @Test
    void zeroHasNoSign() {
        assertThat(drawn(new float[] {-0f, 0f, -5}, Settings.drawn(0, 9).truncation(1, 1, 0)))
                .containsExactly(0);
    }

    @Test
    void eachPenaltyHasItsOwnMeaning() {
        float[] logits = {4, 3.5f, -1, -1.2f};
        Settings settings = Settings.greedy(9);
        assertThat(greedy(logits, settings.penalties(2, 0, 0), List.of(0), List.of()))
                .as("of the prompt too")
                .isEqualTo(1);
        assertThat(greedy(logits, settings.penalties(1, 1, 0), List.of(0), List.of()))
                .as("of the reply only")
                .isZero();
        assertThat(greedy(logits, settings.penalties(1, 1, 0), List.of(1), List.of(0)))
                .isEqualTo(1);
        assertThat(greedy(logits, settings.penalties(1, 0.3f, 0), List.of(1), List.of(0, 0, 0)))
                .as("once")
                .isZero();
        assertThat(greedy(logits, settings.penalties(1, 0, 0.3f), List.of(1), List.of(0, 0)))
                .as("each time")
                .isEqualTo(1);
        assertThat(greedy(logits, settings.penalties(1, 0, 0.3f), List.of(1), List.of(0)))
                .isZero();
        float[] negative = {-1, -1.2f, -9, -9};
        assertThat(greedy(negative, settings.penalties(2, 0, 0), List.of(0), List.of()))
                .as("a penalty lowers")
                .isEqualTo(1);
    }

    @Test
    void biasAndBansChangeTheChoice() {
        float[] logits = {4, 3.5f, 3, 1};
        Settings settings = Settings.greedy(9);
        assertThat(greedy(logits, settings.bias(Map.of(3, 5f)), List.of(0), List.of()))
                .isEqualTo(3);
        assertThat(greedy(logits, settings.bias(Map.of(0, -1f)), List.of(0), List.of()))
                .isEqualTo(1);
        assertThat(greedy(logits, settings.banned(List.of(List.of(0))), List.of(2), List.of()))
                .isEqualTo(1);
        Settings pair = settings.banned(List.of(List.of(2, 1, 0)));
        assertThat(greedy(logits, pair, List.of(2), List.of(1)))
                .as("begun in the prompt")
                .isEqualTo(1);
        assertThat(greedy(logits, pair, List.of(1), List.of(2))).isZero();
        assertThat(greedy(logits, pair, List.of(1), List.of()))
                .as("longer than the history")
                .isZero();
    }

    @Test
    void aStopTokenWaitsForTheMinimum() {
        Settings settings = Settings.greedy(9).ending(List.of(0), List.of(), 2, 9);
        assertThat(greedy(HALVES, settings, List.of(3), List.of(3))).isEqualTo(1);
        assertThat(greedy(HALVES, settings, List.of(3), List.of(3, 3))).isZero();
    }

    @Test
    void seedAndPositionDecideTheDraw() {
        float[] flat = new float[1000];
        Settings settings = Settings.drawn(7, 9);
        int first = greedy(flat, settings, List.of(1, 2), List.of());
        assertThat(greedy(flat, settings, List.of(5), List.of())).isEqualTo(first);
        assertThat(greedy(flat, settings, List.of(1, 2), List.of(3))).isNotEqualTo(first);
        assertThat(greedy(flat, settings.seed(8), List.of(1, 2), List.of())).isNotEqualTo(first);
    }

    @Test
    void drawsOfNeighbouringSeedsAndPositionsAreIndependent() {
        Set<Double> seen = new java.util.HashSet<>();
        double sum = 0;
        double product = 0;
        for (int seed = -50; seed < 50; seed++) {
            for (int position = 0; position < 100; position++) {
                double u = NextToken.uniform(seed, position);
                assertThat(u).isBetween(0.0, Math.nextDown(1.0));
                assertThat(seen.add(u)).isTrue();
                sum += u;
                product += u * NextToken.uniform(seed + 1, position);
            }
        }
        assertThat(NextToken.uniform(5 + 0x9E3779B97F4A7C15L, 0))
                .as("a seed is not another one's next position")
                .isNotEqualTo(NextToken.uniform(5, 1));
        assertThat(sum / 10_000).isEqualTo(0.5, within(0.01));
        assertThat(product / 10_000).isEqualTo(0.25, within(0.01));
    }

    @Test
    void logProbabilitiesAreTheModels() {
        Settings settings =
                Settings.greedy(9).alternatives(3).bias(Map.of(2, 9f)).penalties(1.5f, 1, 1);
        Choice choice = choose(HALVES, settings, List.of(0), List.of(1));
        assertThat(choice.id()).isEqualTo(2);
        assertThat(choice.logProbability()).isEqualTo((float) Math.log(1 / 8.0), within(1e-5f));
        assertThat(choice.alternatives().stream().map(GeneratedToken.Alternative::id))
                .containsExactly(0, 1, 2);
        assertThat(choice.alternatives().get(1).logProbability()).isEqualTo((float) Math.log(1 / 4.0), within(1e-5f));
    }

    @Test
    void logitsThatAreNotFiniteAreAFailure() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] logits = {1, 2, bad, 3};
            Choice choice = choose(logits, Settings.greedy(9), List.of(0), List.of());
            assertThat(choice.outcome()).isEqualTo(Choice.Outcome.NOT_FINITE);
            assertThat(choice.failure())
                    .isInstanceOf(LimbicException.Internal.class)
                    .hasMessage("the model gave a logit that is not a finite number")
                    .hasRootCauseMessage("logit of token 2 is " + bad);
        }
    }

    @Test
    void noTokenLeftIsAFailure() {
        Settings settings = Settings.greedy(9).banned(List.of(List.of(0), List.of(1)));
        Choice choice = choose(new float[2], settings, List.of(0), List.of());
        assertThat(choice.failure()).isInstanceOf(LimbicException.Invalid.class).hasMessageContaining("leave no token");
    }

    @Test
    void extremeLogitsAreNumbersToo() {
        float[] logits = {-3e38f, 3e38f, -3e38f, 0};
        assertThat(greedy(logits, Settings.drawn(3, 9).temperature(0.01f), List.of(0), List.of()))
                .isEqualTo(1);
        assertThat(greedy(logits, Settings.drawn(3, 9).truncation(2, 0.5f, 0.1f), List.of(0), List.of()))
                .isEqualTo(1);
    }

    @Test
    void aPlannerStartsOverForEachSequence() {
        NextTokenPlanner planner = new NextTokenPlanner(100, TokenRules.NONE);
        Settings settings = Settings.greedy(9)
                .bias(Map.of(3, 2f, 5, -1f))
                .penalties(1.5f, 0.25f, 0.5f)
                .banned(List.of(List.of(9, 5), List.of(7)))
                .ending(List.of(8), List.of(), 3, 9);
        TokenHistory history = new TokenHistory(new int[] {3, 4, 9}, true);
        history.append(4);
        history.append(9);
        NextToken first = planner.of(new SamplingRules(settings.built(), 100), history, false);
        NextToken none = planner.of(new SamplingRules(Settings.greedy(9).built(), 100), history, false);
        assertThat(none.changes()).isEqualTo(NextToken.Changes.NONE);
        NextToken again = planner.of(new SamplingRules(settings.built(), 100), history, false);
        assertThat(again).usingRecursiveComparison().isEqualTo(first);
        assertThat(changes(first))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        3, List.of(2f, 1.5f, -0f),
                        5, List.of(-1f, 1f, Float.NEGATIVE_INFINITY),
                        4, List.of(0f, 1.5f, -0.75f),
                        9, List.of(0f, 1.5f, -0.75f),
                        7, List.of(0f, 1f, Float.NEGATIVE_INFINITY),
                        8, List.of(0f, 1f, Float.NEGATIVE_INFINITY)));
    }

    private static Map<Integer, List<Float>> changes(NextToken next) {
        Map<Integer, List<Float>> byToken = new HashMap<>();
        NextToken.Changes changes = next.changes();
        for (int i = 0; i < changes.ids().length; i++) {
            byToken.put(changes.ids()[i], List.of(changes.before()[i], changes.factors()[i], changes.after()[i]));
        }
        return byToken;
    }

    @Test
    void moreTokensMayBeChangedThanThereWasRoomFor() {
        int[] prompt = new int[500];
        java.util.Arrays.setAll(prompt, i -> i);
        TokenHistory history = new TokenHistory(prompt, true);
        NextToken next = new NextTokenPlanner(500, TokenRules.NONE)
                .of(new SamplingRules(Settings.greedy(9).penalties(2, 0, 0).built(), 500), history, false);
        assertThat(next.changes().ids()).isEqualTo(prompt);
        assertThat(next.changes().factors()).containsOnly(2f);
    }
}
