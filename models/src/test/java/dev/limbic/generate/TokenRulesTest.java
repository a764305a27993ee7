package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the makers of a model demand, in the changes of logits that come of it; the vocabulary has 20 tokens. */
class TokenRulesTest {
    private static final int STOP = 19;

    /** Rules, one changed at a time. */
    private static final class Draft {
        int noRepeat;
        int noRepeatOfPrompt;
        float promptFactor = 1;
        Map<List<Integer>, Float> biases = Map.of();
        List<List<Integer>> banned = List.of();
        List<Integer> suppressed = List.of();
        List<Integer> suppressedFirst = List.of();
        int minNewTokens;
        int minTokens;
        List<Integer> first = List.of();
        List<Integer> last = List.of();

        TokenRules rules() {
            return new TokenRules(
                    noRepeat,
                    noRepeatOfPrompt,
                    promptFactor,
                    biases,
                    banned,
                    suppressed,
                    suppressedFirst,
                    minNewTokens,
                    minTokens,
                    first,
                    last);
        }
    }

    private final Draft draft = new Draft();
    private SamplingSettings settings =
            Settings.greedy(9).ending(List.of(STOP), List.of(), 0, 9).built();

    /** What becomes of a logit of 4 and of one of −4, by token; those that stay are left out. */
    private Map<Integer, List<Float>> changed(int[] prompt, int[] reply, boolean last) {
        TokenHistory history = new TokenHistory(prompt, settings.penalties().any());
        for (int id : reply) {
            history.append(id);
        }
        NextToken.Changes changes = new NextTokenPlanner(20, draft.rules())
                .of(new SamplingRules(settings, 20), history, last)
                .changes();
        Map<Integer, List<Float>> result = new HashMap<>();
        for (int i = 0; i < changes.ids().length; i++) {
            result.put(changes.ids()[i], List.of(become(changes, i, 4), become(changes, i, -4)));
        }
        return result;
    }

    private static float become(NextToken.Changes changes, int i, float logit) {
        float sum = logit + changes.before()[i];
        return (sum > 0 ? sum / changes.factors()[i] : sum * changes.factors()[i]) + changes.after()[i];
    }

    private Map<Integer, List<Float>> changed(int[] prompt, int... reply) {
        return changed(prompt, reply, false);
    }

    private static int[] tokens(int... ids) {
        return ids;
    }

    private static void assertForbidden(Map<Integer, List<Float>> changes, Integer... ids) {
        assertThat(changes.keySet()).containsExactlyInAnyOrder(ids);
        assertThat(changes.values()).allMatch(v -> v.equals(List.of(Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY)));
    }

    @Test
    void nothingIsDemanded() {
        assertThat(changed(tokens(1, 2, 1), 2)).isEmpty();
    }

    @Test
    void noSequenceOfThatLengthComesTwice() {
        draft.noRepeat = 3;
        assertForbidden(changed(tokens(1, 2, 3, 1, 2, 4, 1), 2), 3, 4);
        assertForbidden(changed(tokens(1, 2, 3, 1)));
        assertForbidden(changed(tokens(5), 6, 7, 5, 6), 7);
        assertForbidden(changed(tokens(5)));
        draft.noRepeat = 1;
        assertForbidden(changed(tokens(5, 6), 7, 5), 5, 6, 7);
        draft.noRepeat = Integer.MAX_VALUE;
        assertForbidden(changed(tokens(5, 6), 7, 5));
    }

    @Test
    void noSequenceOfThePromptComesInTheReply() {
        draft.noRepeatOfPrompt = 2;
        assertForbidden(changed(tokens(1, 2, 3), 1), 2);
        assertForbidden(changed(tokens(1, 2, 3), 4, 5, 4));
        assertForbidden(changed(tokens(1, 2, 3), 7, 3));
    }

    @Test
    void tokensOfThePromptAreLikelierAndARepetitionPenaltyCountsBeside() {
        draft.promptFactor = 2;
        assertThat(changed(tokens(1, 1, 2), 3)).isEqualTo(Map.of(1, List.of(8f, -2f), 2, List.of(8f, -2f)));
        settings = new Settings(settings).penalties(4, 0, 0).built();
        assertThat(changed(tokens(1, 1), 3)).isEqualTo(Map.of(1, List.of(2f, -8f), 3, List.of(1f, -16f)));
    }

    @Test
    void biasesOfSequencesAddUp() {
        draft.biases = Map.of(List.of(3), 1f, List.of(1, 2, 3), 0.5f, List.of(7, 3), -9f, List.of(1, 2, 4), -2f);
        assertThat(changed(tokens(1), 2)).isEqualTo(Map.of(3, List.of(5.5f, -2.5f), 4, List.of(2f, -6f)));
        settings = new Settings(settings).bias(Map.of(3, 2f)).built();
        assertThat(changed(tokens(2))).isEqualTo(Map.of(3, List.of(7f, -1f)));
    }

    @Test
    void bannedAndSuppressedTokensDoNotCome() {
        draft.banned = List.of(List.of(8), List.of(1, 2, 3));
        draft.suppressed = List.of(5, 6);
        draft.suppressedFirst = List.of(9);
        assertForbidden(changed(tokens(1, 2)), 8, 3, 5, 6, 9);
        assertForbidden(changed(tokens(1, 2), 4), 8, 5, 6);
    }

    @Test
    void stopTokensWaitForTheLeastLength() {
        draft.minNewTokens = 2;
        assertForbidden(changed(tokens(1, 2, 3, 4), 5), STOP);
        assertForbidden(changed(tokens(1), 5, 6));
        draft.minNewTokens = 0;
        draft.minTokens = 4;
        assertForbidden(changed(tokens(1, 2), 5), STOP);
        assertForbidden(changed(tokens(1, 2), 5, 6));
        settings = new Settings(settings).ending(List.of(STOP), List.of(), 3, 9).built();
        assertForbidden(changed(tokens(1, 2), 5, 6), STOP);
    }

    @Test
    void aForcedTokenIsTheOnlyOne() {
        draft.first = List.of(7);
        draft.last = List.of(3, 2);
        draft.suppressed = List.of(3, 7);
        draft.suppressedFirst = List.of(9);
        assertForced(changed(tokens(1)), 7);
        assertForbidden(changed(tokens(1), 7), 3, 7, 9);
        assertForbidden(changed(tokens(1, 1)), 3, 7, 9);
        assertForced(changed(tokens(1, 1), tokens(4), true), 2, 3);
    }

    @Test
    void noLogitIsAboveAForcedOne() {
        draft.last = List.of(3, 2);
        float[] logits = {5, 9, -3, 8, Float.MAX_VALUE / 2};
        for (SamplingSettings each :
                List.of(Settings.greedy(2).built(), Settings.drawn(7, 2).built())) {
            NextToken next = new NextTokenPlanner(5, draft.rules())
                    .of(new SamplingRules(each, 5), new TokenHistory(new int[] {0}, false), true);
            assertThat(HostSampler.choose(logits, 5, List.of(next)).getFirst().id())
                    .isIn(2, 3);
        }
    }

    private static void assertForced(Map<Integer, List<Float>> changes, Integer... ids) {
        assertThat(changes.keySet()).containsExactlyInAnyOrder(ids);
        assertThat(changes.values()).allMatch(v -> v.equals(List.of(Float.MAX_VALUE, Float.MAX_VALUE)));
    }
}
