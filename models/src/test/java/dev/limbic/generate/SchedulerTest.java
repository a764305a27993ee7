package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private static int[] prompt(int length, int first) {
        int[] ids = new int[length];
        Arrays.setAll(ids, i -> (first + 7 * i) % 26);
        return ids;
    }

    private static GenerationRequest shared(int sharedTokens, int tokens, int... prompt) {
        return new GenerationRequest(
                prompt, sharedTokens, Settings.drawn(1, tokens).built(), 0, Long.MAX_VALUE);
    }

    @Test
    void aTextIsGeneratedToItsLength() {
        Rig rig = Rig.roomy();
        Heard heard = rig.submit(Settings.drawn(3, 12).alternatives(2), 1, 2, 3);
        assertThat(rig.scheduler.hasWork()).isTrue();
        rig.finish();
        assertThat(heard.tokens).hasSize(12);
        assertThat(heard.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(heard.finish().usage()).isEqualTo(new Finish.Usage(3, 0, 12, 0));
        assertThat(rig.model.steps)
                .as("the prompt and eleven tokens, each in a step")
                .isEqualTo(12);
        for (GeneratedToken token : heard.tokens) {
            assertThat(token.alternatives()).hasSize(2);
            assertThat(token.logProbability())
                    .isLessThanOrEqualTo(token.alternatives().getFirst().logProbability());
        }
    }

    @Test
    void aStopTokenEndsTheTextAndIsNotPartOfIt() {
        List<Integer> all = Rig.alone(Rig.request(Settings.drawn(3, 12), 1, 2)).ids();
        int stop = all.get(5);
        Settings settings = Settings.drawn(3, 12).ending(List.of(stop), List.of(), 0, 12);
        Heard heard = Rig.alone(Rig.request(settings, 1, 2));
        assertThat(heard.ids()).isEqualTo(all.subList(0, all.indexOf(stop)));
        assertThat(heard.reason()).isEqualTo(FinishReason.STOP);
        Heard later = Rig.alone(Rig.request(Settings.drawn(3, 12).ending(List.of(stop), List.of(), 9, 12), 1, 2));
        assertThat(later.ids())
                .as("not before the minimum")
                .hasSizeGreaterThanOrEqualTo(9)
                .doesNotContain(stop);
    }

    @Test
    void aStopStringEndsTheTextBeforeIt() {
        Heard all = Rig.alone(Rig.request(Settings.greedy(40), 4));
        String stop = all.text().substring(8, 13);
        Heard heard = Rig.alone(Rig.request(Settings.greedy(40).ending(List.of(), List.of(stop), 0, 40), 4));
        assertThat(heard.text()).isEqualTo(all.text().substring(0, all.text().indexOf(stop)));
        assertThat(heard.reason()).isEqualTo(FinishReason.STOP_STRING);
        Heard later = Rig.alone(Rig.request(Settings.greedy(40).ending(List.of(), List.of(stop), 39, 40), 4));
        assertThat(later.tokens).as("not before the minimum").hasSizeGreaterThanOrEqualTo(39);
    }

    @Test
    void heldBackTextComesWithTheEnd() {
        Heard all = Rig.alone(Rig.request(Settings.greedy(10), 4));
        String tail = all.text().substring(all.text().length() - 1);
        Heard heard = Rig.alone(Rig.request(Settings.greedy(10).ending(List.of(), List.of(tail + "#"), 0, 10), 4));
        assertThat(heard.finish().text()).isEqualTo(tail);
        assertThat(heard.text()).isEqualTo(all.text());
    }

    @Test
    void anEmojiSplitOverTokensComesWhole() {
        Map<Integer, Float> emoji = Map.of(27, 100f, 28, 100f, 29, 100f, 30, 100f);
        List<List<Integer>> order = new ArrayList<>();
        for (int before : new int[] {27, 28, 29, 30}) {
            for (int after : new int[] {27, 28, 29, 30}) {
                if (after != (before == 30 ? 27 : before + 1)) {
                    order.add(List.of(before, after));
                }
            }
        }
        Heard heard = Rig.alone(Rig.request(Settings.greedy(9).bias(emoji).banned(order), 1, 30));
        assertThat(heard.ids()).containsExactly(27, 28, 29, 30, 27, 28, 29, 30, 27);
        assertThat(heard.tokens.stream().map(GeneratedToken::text))
                .containsExactly("", "", "", "😀", "", "", "", "😀", "");
        assertThat(heard.finish().text()).isEqualTo("\uFFFD");
    }

    @Test
    void theContextAndTheCacheEndATextToo() {
        Rig context = new Rig(100, 4, 20, 2, 50);
        Heard heard = context.submit(Settings.drawn(1, 1000), prompt(15, 1));
        context.finish();
        assertThat(heard.tokens).hasSize(5);
        assertThat(heard.reason()).isEqualTo(FinishReason.LENGTH);
        Rig cache = new Rig(3, 4, 1000, 2, 50);
        heard = cache.submit(Settings.drawn(1, 1000), prompt(5, 1));
        cache.finish();
        assertThat(heard.tokens).hasSize(7);
        assertThat(heard.reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void whatCanNeverBeGeneratedIsRefused() {
        Rig rig = new Rig(4, 4, 100, 2, 8);
        Settings settings = Settings.greedy(5);
        assertThatThrownBy(() -> rig.submit(settings)).hasMessage("the prompt has no tokens");
        assertThatThrownBy(() -> rig.submit(settings, 1, 40))
                .hasMessage("token ids of the prompt must be 0 to 39, found 40");
        assertThatThrownBy(() -> rig.submit(settings, -1)).isInstanceOf(LimbicException.Invalid.class);
        assertThatThrownBy(() -> rig.submit(settings, prompt(16, 0)))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessage("a prompt of 16 tokens with at least 1 new ones does not fit: the cache holds 16");
        assertThatThrownBy(() -> rig.submit(settings.ending(List.of(), List.of(), 5, 5), prompt(12, 0)))
                .hasMessageContaining("at least 5 new ones");
        assertThatThrownBy(() -> new Rig(4, 4, 10, 2, 8).submit(settings, prompt(10, 0)))
                .hasMessageContaining("the model's context holds 10");
        assertThatThrownBy(() -> rig.submit(settings.bias(Map.of(40, 1f)), 1)).hasMessageContaining("logit_bias");
        assertThatThrownBy(() -> rig.submit(settings.banned(List.of(List.of(1, 40))), 1))
                .hasMessageContaining("banned");
        assertThatThrownBy(() -> rig.submit(settings.ending(List.of(40), List.of(), 0, 5), 1))
                .hasMessageContaining("stop_ids");
        assertThatThrownBy(() -> rig.scheduler.submit(shared(3, 5, 1, 2), new Heard()))
                .hasMessageContaining("shared tokens");
        GenerationRequest late = new GenerationRequest(new int[] {1}, 0, settings.built(), 0, 0);
        assertThatThrownBy(() -> rig.scheduler.submit(late, new Heard())).isInstanceOf(LimbicException.Expired.class);
        rig.requireQuiet();
        rig.submit(settings, prompt(15, 0));
        rig.finish();
    }

    @Test
    void aFullQueueIsOverload() {
        Rig rig = new Rig(40, 4, new Scheduler.Limits(FakeModel.VOCABULARY, 100, 1, 8, 2));
        Sequence first = rig.scheduler.submit(Rig.request(Settings.greedy(5), 1), new Heard());
        rig.submit(Settings.greedy(5), 1);
        assertThatThrownBy(() -> rig.submit(Settings.greedy(5), 1)).isInstanceOf(LimbicException.Overloaded.class);
        rig.steps(1);
        rig.submit(Settings.greedy(5), 1);
        assertThatThrownBy(() -> rig.submit(Settings.greedy(5), 1)).isInstanceOf(LimbicException.Overloaded.class);
        first.cancel();
        rig.finish();
        rig.submit(Settings.greedy(5), 1);
        rig.submit(Settings.greedy(5), 1);
        rig.finish();
    }

    @Test
    void cancelFreesItsBlocksBeforeTheNextStep() {
        Rig rig = new Rig(40, 4, 100, 1, 8);
        Heard heard = new Heard();
        Heard behind = new Heard();
        Sequence sequence = rig.scheduler.submit(Rig.request(Settings.greedy(50), prompt(20, 1)), heard);
        Sequence waiting = rig.scheduler.submit(Rig.request(Settings.greedy(50), 1), behind);
        rig.steps(1);
        assertThat(sequence.state()).isEqualTo(Sequence.State.PREFILLING);
        assertThat(rig.scheduler.blocksInUse()).isEqualTo(5);
        waiting.cancel();
        sequence.cancel();
        assertThat(rig.scheduler.plan()).isNull();
        assertThat(heard.reason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(behind.reason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(sequence.state()).isEqualTo(Sequence.State.FINISHED);
        rig.requireQuiet();
        sequence.cancel();
        assertThat(rig.generator.step()).isFalse();
    }

    @Test
    void cancelledDuringAStepNothingMoreIsHeard() {
        Rig rig = Rig.roomy();
        Heard heard = new Heard();
        Sequence sequence = rig.scheduler.submit(Rig.request(Settings.greedy(50), 1), heard);
        rig.steps(3);
        Step step = rig.scheduler.plan();
        assertThat(step).isNotNull();
        sequence.cancel();
        rig.scheduler.accept(rig.model.run(java.util.Objects.requireNonNull(step)));
        assertThat(heard.tokens).hasSize(3);
        assertThat(heard.reason()).isEqualTo(FinishReason.CANCELLED);
        rig.requireQuiet();
    }

    @Test
    void aListenerMayCancelItsOwnText() {
        Rig rig = Rig.roomy();
        List<Sequence> own = new ArrayList<>();
        Heard heard = new Heard().onToken(() -> own.getFirst().cancel());
        own.add(rig.scheduler.submit(Rig.request(Settings.greedy(50), 1), heard));
        rig.finish();
        assertThat(heard.tokens).hasSize(1);
    }

    @Test
    void aDeadlineEndsATextWhereverItIs() {
        Rig rig = new Rig(40, 4, 100, 1, 8);
        Heard running = new Heard();
        Heard waiting = new Heard();
        rig.scheduler.submit(
                new GenerationRequest(new int[] {1}, 0, Settings.greedy(50).built(), 0, 500), running);
        rig.scheduler.submit(
                new GenerationRequest(new int[] {1}, 0, Settings.greedy(50).built(), 0, 600), waiting);
        rig.steps(4);
        rig.now.addAndGet(600);
        assertThat(rig.generator.step()).isFalse();
        assertThat(running.tokens).hasSize(4);
        assertThat(running.reason()).isEqualTo(FinishReason.DEADLINE);
        assertThat(waiting.reason()).isEqualTo(FinishReason.DEADLINE);
        rig.requireQuiet();
    }

    @Test
    void aDeadlineThatHasNotPassedEndsNothing() {
        Rig rig = new Rig(40, 4, 100, 1, 8);
        Heard heard = new Heard();
        rig.scheduler.submit(
                new GenerationRequest(new int[] {1}, 0, Settings.greedy(50).built(), 0, 500), heard);
        rig.steps(4);
        rig.now.addAndGet(499);
        rig.steps(1);
        assertThat(heard.tokens).hasSize(5);
        rig.now.addAndGet(1);
        assertThat(rig.generator.step()).isFalse();
        assertThat(heard.reason()).isEqualTo(FinishReason.DEADLINE);
        rig.requireQuiet();
    }

    @Test
    void logitsThatAreNoNumbersEndOnlyTheirOwnText() {
        Rig rig = Rig.roomy();
        Heard good = rig.submit(Settings.drawn(1, 10).bias(Map.of(FakeModel.POISON, -99f)), 1, 2);
        Heard bad = rig.submit(Settings.greedy(10), 1, FakeModel.POISON, 3);
        rig.finish();
        assertThat(bad.reason()).isEqualTo(FinishReason.FAILED);
        assertThat(bad.finish().failure()).isInstanceOf(LimbicException.Internal.class);
        assertThat(good.tokens).hasSize(10);
    }

    @Test
    void aFailingDeviceEndsTheStepsTextsAndForgetsThePrefixes() {
        Rig rig = new Rig(40, 4, 100, 1, 8);
        Heard inStep = new Heard();
        rig.scheduler.submit(shared(4, 9, 1, 2, 3, 4, 5), inStep);
        Heard waiting = rig.submit(Settings.greedy(3), 7);
        rig.steps(2);
        Generator broken = new Generator(rig.scheduler, step -> {
            throw new IllegalStateException("lost");
        });
        assertThat(broken.step()).isTrue();
        assertThat(inStep.reason()).isEqualTo(FinishReason.FAILED);
        assertThat(inStep.finish().failure()).hasRootCauseMessage("lost");
        assertThat(rig.scheduler.blocksCached()).isZero();
        rig.finish();
        assertThat(waiting.reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void tooFewChoicesFailTheStep() {
        Rig rig = Rig.roomy();
        Heard heard = rig.submit(Settings.greedy(3), 7);
        new Generator(rig.scheduler, step -> List.of()).step();
        assertThat(heard.finish().failure()).hasRootCauseMessage("expected 1 choices, found 0");
        rig.requireQuiet();
    }

    @Test
    void noTokenLeftEndsOnlyItsOwnText() {
        Rig rig = Rig.roomy();
        List<List<Integer>> all = java.util.stream.IntStream.range(0, FakeModel.VOCABULARY)
                .mapToObj(List::of)
                .toList();
        Heard bad = rig.submit(Settings.drawn(1, 10).banned(all), 1, 2);
        Heard good = rig.submit(Settings.drawn(1, 10), 1, 2);
        rig.finish();
        assertThat(bad.finish().failure()).isInstanceOf(LimbicException.Invalid.class);
        assertThat(good.tokens).hasSize(10);
    }

    @Test
    void failAllEndsEverything() {
        Rig rig = new Rig(40, 4, 100, 1, 8);
        List<Heard> all = List.of(rig.submit(Settings.greedy(9), 7), rig.submit(Settings.greedy(9), 7));
        rig.steps(2);
        rig.scheduler.plan();
        Heard late = rig.submit(Settings.greedy(9), 7);
        rig.scheduler.failAll(new LimbicException.Expired("gone"));
        assertThat(all).allSatisfy(heard -> assertThat(heard.finish().failure()).hasMessage("gone"));
        assertThat(late.reason()).isEqualTo(FinishReason.FAILED);
        rig.requireQuiet();
        Heard after = rig.submit(Settings.greedy(9), 7);
        rig.finish();
        assertThat(after.tokens).hasSize(9);
    }

    @Test
    void aListenerThatThrowsEndsItsOwnText() {
        Rig rig = Rig.roomy();
        Heard bad = rig.submit(Settings.greedy(9), 7).onToken(() -> {
            throw new IllegalStateException("full");
        });
        Heard good = rig.submit(Settings.greedy(9), 7);
        rig.finish();
        assertThat(bad.finish().failure()).hasRootCauseMessage("full");
        assertThat(good.tokens).hasSize(9);
    }

    @Test
    void stepsAreTakenInTurn() {
        Rig rig = Rig.roomy();
        assertThatThrownBy(() -> rig.scheduler.accept(List.of())).hasMessage("no step has been planned");
        rig.submit(Settings.greedy(9), 7);
        rig.scheduler.plan();
        assertThatThrownBy(rig.scheduler::plan).isInstanceOf(IllegalStateException.class);
    }
}
