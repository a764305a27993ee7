package dev.limbic.server.wire;

import static dev.limbic.server.wire.InteractClient.END;
import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.v1.CanonicalEmotion;
import dev.limbic.v1.EmotionTarget;
import dev.limbic.v1.FinishReason;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.Interrupt;
import dev.limbic.v1.Sampling;
import dev.limbic.v1.Utterance;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Interact over a real connection; the model goes on with the alphabet. */
class InteractTest {
    private WireFixture fixture = new WireFixture();

    InteractTest() throws IOException {}

    private InteractClient open(InteractSetup.Builder setup, boolean reads) {
        InteractClient client = new InteractClient(reads);
        StreamObserver<InteractRequest> requests = fixture.interaction().interact(client);
        requests.onNext(InteractRequest.newBuilder().setSetup(setup).build());
        return client;
    }

    private InteractClient open(InteractSetup.Builder setup) {
        return open(setup, true);
    }

    private static void say(InteractClient client, String id, Utterance.Builder utterance) {
        client.call()
                .onNext(InteractRequest.newBuilder()
                        .setEventId(id)
                        .setUtterance(utterance)
                        .build());
    }

    private static void say(InteractClient client, String id, String text) {
        say(client, id, Utterance.newBuilder().setText(text));
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    private static void awaitTrue(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 2000 && !condition.getAsBoolean(); i++) {
            Thread.sleep(5);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    @Test
    void anUtteranceIsReadAndAnsweredAsItFeels() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder().setPersona("Kim"));
        say(client, "1", "wonderful");
        InteractResponse analysis = client.next();
        assertThat(analysis.getEventId()).isEqualTo("1");
        assertThat(analysis.getAnalysis().getLogitsList()).hasSize(3);
        InteractResponse started = client.next();
        assertThat(started.getReplyStarted().getStrategy()).isEqualTo("mirror");
        assertThat(started.getReplyStarted().getModel()).isEqualTo("speaker");
        assertThat(started.getReplyStarted().getTarget().getEmotion())
                .isEqualTo(CanonicalEmotion.CANONICAL_EMOTION_JOY);
        assertThat(client.reply("1")).isEqualTo("klmnopqrstuvwxyz");
        say(client, "2", "a");
        client.next();
        client.next();
        client.reply("2");
        assertThat(fixture.language.prompts().getLast())
                .isEqualTo("S:Kim\nU:wonderful\nA:klmnopqrstuvwxyz\nU:a\n" + "j");
        client.call().onCompleted();
        assertThat(client.next()).isEqualTo(END);
        assertThat(client.status()).isEqualTo(Status.OK);
        assertThat(fixture.answered("Interact first OK")).isEqualTo(2);
        assertThat(fixture.scheduler.blocksInUse()).isZero();
    }

    @Test
    void logitsOfLaterUtterancesArriveAmongTheTokens() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder());
        fixture.language.holdSteps();
        say(client, "1", "wonderful");
        client.next();
        client.next();
        fixture.language.awaitHeldStep();
        fixture.language.letThrough(1);
        assertThat(client.next().hasToken()).isTrue();
        fixture.language.awaitHeldStep();
        say(client, "2", "more");
        fixture.language.letThrough(1);
        boolean heard = false;
        for (int i = 0; i < 12 && !heard; i++) {
            InteractResponse event = client.next();
            heard = event.getEventId().equals("2") && event.hasAnalysis();
            fixture.language.letThrough(1);
        }
        assertThat(heard).isTrue();
        fixture.language.stopHolding();
        client.reply("1");
        assertThat(client.next().getReplyStarted().getModel()).isEqualTo("speaker");
        assertThat(client.reply("2")).isNotEmpty();
    }

    @Test
    void aReplyThatCannotBeInTimeIsRefusedInTheStreamAndTheStreamLivesOn() throws Exception {
        fixture.language.neverEnd();
        fixture.language.whileComputing(step -> LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50)));
        InteractClient learning = open(
                InteractSetup.newBuilder().setSampling(Sampling.newBuilder().setMaxNewTokens(12)));
        say(learning, "0", "a");
        learning.next();
        learning.next();
        learning.reply("0");
        int steps = fixture.language.steps();
        InteractClient client = open(InteractSetup.newBuilder()
                .setSampling(Sampling.newBuilder().setMinNewTokens(100).setMaxNewTokens(100)));
        say(client, "1", Utterance.newBuilder().setText("a").setTimeoutMillis(1000));
        assertThat(client.next().hasAnalysis()).isTrue();
        InteractResponse event = client.next();
        event = event.hasReplyStarted() ? client.next() : event;
        assertThat(event.getError().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED.value());
        assertThat(event.getError().getRetryAfterMillis()).isPositive();
        assertThat(fixture.language.steps()).isEqualTo(steps);
        fixture.language.whileComputing(step -> {});
        say(client, "2", "a");
        client.next();
        client.next();
        assertThat(client.reply("2")).hasSize(100);
    }

    @Test
    void aNewUtteranceInterruptsWhenAskedFor() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder().setBargeIn(true));
        fixture.language.neverEnd();
        fixture.language.holdSteps();
        say(client, "1", "wonderful");
        client.next();
        client.next();
        fixture.language.awaitHeldStep();
        fixture.language.letThrough(1);
        assertThat(client.next().getToken().getTextDelta()).isEqualTo("k");
        fixture.language.awaitHeldStep();
        AtomicBoolean said = new AtomicBoolean();
        fixture.first.whileEncoding(() -> said.set(true));
        say(client, "2", "wait");
        awaitTrue(said::get);
        fixture.language.letThrough(1);
        fixture.language.stopHolding();
        List<InteractResponse> first = new java.util.ArrayList<>();
        List<InteractResponse> second = new java.util.ArrayList<>();
        for (int i = 0; i < 200 && second.size() < 3; i++) {
            InteractResponse event = client.next();
            (event.getEventId().equals("1") ? first : second).add(event);
        }
        assertThat(first.getLast().getReplyFinished().getReason()).isEqualTo(FinishReason.FINISH_REASON_INTERRUPTED);
        assertThat(second.get(0).hasAnalysis()).isTrue();
        assertThat(second.get(1).hasReplyStarted()).isTrue();
        client.call()
                .onNext(InteractRequest.newBuilder()
                        .setInterrupt(Interrupt.getDefaultInstance())
                        .build());
        client.reply("2");
        awaitTrue(() -> fixture.scheduler.blocksInUse() == 0 && !fixture.scheduler.hasWork());
        assertThat(fixture.language.prompts().getLast())
                .startsWith("U:wonderful\nA:k")
                .contains("\nU:wait\n");
    }

    @Test
    void withoutBargeInRepliesQueueInOrder() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder());
        for (String id : List.of("1", "2", "3")) {
            say(client, id, "a");
        }
        List<String> order = new java.util.ArrayList<>();
        for (int finished = 0; finished < 3; ) {
            InteractResponse event = client.next();
            if (!event.hasAnalysis() && (order.isEmpty() || !order.getLast().equals(event.getEventId()))) {
                order.add(event.getEventId());
            }
            finished += event.hasReplyFinished() ? 1 : 0;
        }
        assertThat(order).containsExactly("1", "2", "3");
    }

    @Test
    void onlyListeningAndATargetOfItsOwn() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder());
        say(client, "1", Utterance.newBuilder().setText("a").setNoReply(true));
        assertThat(client.next().hasAnalysis()).isTrue();
        say(
                client,
                "2",
                Utterance.newBuilder()
                        .setText("a")
                        .setTarget(EmotionTarget.newBuilder()
                                .setEmotion(CanonicalEmotion.CANONICAL_EMOTION_SADNESS)
                                .setIntensity(0.5f)));
        assertThat(client.next().hasAnalysis()).isTrue();
        InteractResponse started = client.next();
        assertThat(started.getReplyStarted().getStrategy()).isEmpty();
        assertThat(started.getReplyStarted().getTarget().getIntensity()).isEqualTo(0.5f);
        assertThat(client.reply("2")).startsWith("tuv");
        assertThat(fixture.language.prompts().getLast()).startsWith("U:a\nU:a\n");
    }

    @Test
    void wrongMessagesGetTheirErrorsAndTheStreamLivesOn() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder());
        say(client, "1", "  ");
        InteractResponse error = client.next();
        assertThat(error.getEventId()).isEqualTo("1");
        assertThat(error.getError().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT.value());
        client.call().onNext(InteractRequest.getDefaultInstance());
        assertThat(client.next().getError().getMessage()).contains("no event");
        client.call()
                .onNext(InteractRequest.newBuilder()
                        .setSetup(InteractSetup.getDefaultInstance())
                        .build());
        assertThat(client.next().getError().getMessage()).contains("setup");
        say(client, "", Utterance.newBuilder().setText("a").setTimeoutMillis(-1));
        assertThat(client.next().getError().getMessage()).contains("timeout_millis");
        for (int i = 0; i < 3 * WireFixture.WINDOW; i++) {
            say(client, "e" + i, ""); // more than the window: errors give their places back
            assertThat(client.next().hasError()).isTrue();
        }
        say(client, "2", "a");
        assertThat(client.next().hasAnalysis()).isTrue();
        client.reply("2");
    }

    @Test
    void aWrongSetupEndsTheStream() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder().setLanguageModel("nobody"));
        assertThat(client.next()).isEqualTo(END);
        assertThat(client.status().getCode()).isEqualTo(Status.Code.NOT_FOUND);
        InteractClient silent = new InteractClient(true);
        fixture.interaction().interact(silent);
        say(silent, "1", "a");
        assertThat(silent.next()).isEqualTo(END);
        assertThat(silent.status().getDescription()).contains("setup");
        InteractSetup.Builder setup = InteractSetup.newBuilder();
        setup.getSamplingBuilder().setTemperature(Float.NaN);
        InteractClient cold = open(setup);
        assertThat(cold.next()).isEqualTo(END);
        assertThat(cold.status().getDescription()).contains("temperature").contains("NaN");
        setup.getSamplingBuilder().clearTemperature().setMinNewTokens(100_000);
        InteractClient lengthy = open(setup);
        assertThat(lengthy.next()).isEqualTo(END);
        assertThat(lengthy.status().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void whatIsTooLongForTheModelIsNotRemembered() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder());
        say(client, "1", "a");
        assertThat(client.next().hasAnalysis()).isTrue();
        client.reply("1");
        say(client, "2", "x".repeat(400));
        assertThat(client.next().hasAnalysis()).isTrue();
        InteractResponse event = client.next();
        if (event.hasReplyStarted()) {
            event = client.next();
        }
        assertThat(event.getError().getMessage()).contains("does not fit");
        say(client, "3", "b");
        assertThat(client.next().hasAnalysis()).isTrue();
        client.reply("3");
        assertThat(fixture.language.prompts().getLast()).startsWith("U:a\n").doesNotContain("xxx");
    }

    @Test
    void aMannerThatTheModelDoesNotHaveIsRefused() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder());
        EmotionTarget.Builder target = EmotionTarget.newBuilder()
                .setEmotion(CanonicalEmotion.CANONICAL_EMOTION_JOY)
                .setStyle("<|joy|>");
        say(client, "1", Utterance.newBuilder().setText("a").setTarget(target));
        assertThat(client.next().hasAnalysis()).isTrue();
        assertThat(client.next().getError().getMessage()).contains("target.style", "joy", "<|joy|>");
        say(client, "2", Utterance.newBuilder().setText("a").setTarget(target.setStyle("joy")));
        assertThat(client.next().hasAnalysis()).isTrue();
        client.reply("2");
    }

    @Test
    void aClientThatVanishesFreesEverything() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder());
        fixture.language.neverEnd();
        fixture.language.holdSteps();
        say(client, "1", "a");
        say(client, "2", "a");
        fixture.language.awaitHeldStep();
        client.call().cancel("gone", null);
        awaitTrue(() -> fixture.openStreams.get() == 0);
        int steps = fixture.language.steps();
        fixture.language.letThrough(1);
        awaitTrue(() -> !fixture.scheduler.hasWork());
        assertThat(fixture.scheduler.blocksInUse()).isZero();
        assertThat(fixture.language.steps()).isEqualTo(steps);
    }

    @Test
    void withoutALanguageModelTheStrategySpeaks() throws Exception {
        fixture.close();
        fixture = new WireFixture(64, false);
        InteractClient client = open(InteractSetup.newBuilder());
        say(client, "1", "wonderful");
        assertThat(client.next().hasAnalysis()).isTrue();
        InteractResponse started = client.next();
        assertThat(started.getReplyStarted().getTemplate()).isTrue();
        assertThat(started.getReplyStarted().getStrategy()).isEqualTo("mirror");
        assertThat(client.reply("1")).isEqualTo("Nice!");
    }

    @Test
    void aClientThatDoesNotReadGetsNoFurtherReplies() throws Exception {
        fixture.language.neverEnd();
        InteractSetup.Builder setup = InteractSetup.newBuilder();
        setup.getSamplingBuilder().setMaxNewTokens(200).setTopLogProbs(20);
        InteractClient client = open(setup, false);
        for (int i = 0; i < 60; i++) {
            say(client, "u" + i, "a");
        }
        long steps = fixture.awaitSettled(fixture.language::steps);
        assertThat(fixture.scheduler.hasWork()).isFalse();
        assertThat(steps).isPositive().isLessThan(30 * 200);
        client.call().request(1_000_000);
        for (int finished = 0; finished < 60; ) {
            finished += client.next().hasReplyFinished() ? 1 : 0;
        }
    }

    @Test
    void aStoppingServerFinishesWhatWasSaid() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder());
        fixture.language.holdSteps();
        say(client, "1", "a");
        fixture.language.awaitHeldStep();
        fixture.server.drain();
        say(client, "2", "a");
        awaitTrue(() -> fixture.answered("Interact first UNAVAILABLE") == 1);
        fixture.language.stopHolding();
        client.next();
        client.next();
        String text = "";
        boolean refused = false;
        for (InteractResponse event = client.next(); !event.equals(END); event = client.next()) {
            text += event.getToken().getTextDelta();
            refused |= event.hasError() && event.getError().getCode() == Status.Code.UNAVAILABLE.value();
        }
        assertThat(text).endsWith("z");
        assertThat(client.status().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(refused).isTrue();
        assertThat(fixture.server.awaitCalls(java.time.Duration.ofSeconds(20))).isTrue();
    }
}
