package dev.limbic.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.v1.CanonicalEmotion;
import dev.limbic.v1.ConverseRequest;
import dev.limbic.v1.ConverseResponse;
import dev.limbic.v1.ConverseSetup;
import dev.limbic.v1.EmotionTarget;
import dev.limbic.v1.FinishReason;
import dev.limbic.v1.Interrupt;
import dev.limbic.v1.Utterance;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Converse over a real connection; the model goes on with the alphabet. */
class ConverseTest {
    private static final ConverseResponse END =
            ConverseResponse.newBuilder().setUtteranceId("END").build();

    private WireFixture fixture = new WireFixture();

    ConverseTest() throws IOException {}

    /** A client that takes every event, or as many as it wants. */
    private static final class Client implements ClientResponseObserver<ConverseRequest, ConverseResponse> {
        private final boolean reads;
        private final BlockingQueue<ConverseResponse> events = new LinkedBlockingQueue<>();
        private @Nullable ClientCallStreamObserver<ConverseRequest> call;
        private volatile @Nullable Status status;

        Client(boolean reads) {
            this.reads = reads;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ConverseRequest> started) {
            call = started;
            if (!reads) {
                started.disableAutoRequestWithInitial(0);
            }
        }

        @Override
        public void onNext(ConverseResponse event) {
            events.add(event);
        }

        @Override
        public void onError(Throwable thrown) {
            status = ((StatusRuntimeException) thrown).getStatus();
            events.add(END);
        }

        @Override
        public void onCompleted() {
            status = Status.OK;
            events.add(END);
        }

        ClientCallStreamObserver<ConverseRequest> call() {
            return Objects.requireNonNull(call);
        }

        Status status() {
            return Objects.requireNonNull(status);
        }

        ConverseResponse next() throws InterruptedException {
            ConverseResponse event = events.poll(20, TimeUnit.SECONDS);
            assertThat(event).as("an event within 20 s").isNotNull();
            return event;
        }

        /** The reply's text up to its end. */
        String reply(String id) throws InterruptedException {
            StringBuilder text = new StringBuilder();
            for (ConverseResponse event = next(); ; event = next()) {
                assertThat(event.getUtteranceId()).isEqualTo(id);
                text.append(event.getToken().getTextDelta());
                if (event.hasReplyFinished()) {
                    return text.append(event.getReplyFinished().getTextDelta()).toString();
                }
            }
        }
    }

    private Client open(ConverseSetup.Builder setup, boolean reads) {
        Client client = new Client(reads);
        StreamObserver<ConverseRequest> requests = fixture.dialogueAsync().converse(client);
        requests.onNext(ConverseRequest.newBuilder().setSetup(setup).build());
        return client;
    }

    private Client open(ConverseSetup.Builder setup) {
        return open(setup, true);
    }

    private static void say(Client client, Utterance.Builder utterance) {
        client.call()
                .onNext(ConverseRequest.newBuilder().setUtterance(utterance).build());
    }

    private static void say(Client client, String id, String text) {
        say(client, Utterance.newBuilder().setUtteranceId(id).setText(text));
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
        Client client = open(ConverseSetup.newBuilder().setPersona("Kim"));
        say(client, "1", "wonderful");
        ConverseResponse analysis = client.next();
        assertThat(analysis.getUtteranceId()).isEqualTo("1");
        assertThat(analysis.getAnalysis().getLogitsList()).hasSize(3);
        ConverseResponse started = client.next();
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
        assertThat(fixture.answered("Converse first OK")).isEqualTo(2);
        assertThat(fixture.scheduler.blocksInUse()).isZero();
    }

    @Test
    void logitsOfLaterUtterancesArriveAmongTheTokens() throws Exception {
        Client client = open(ConverseSetup.newBuilder());
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
            ConverseResponse event = client.next();
            heard = event.getUtteranceId().equals("2") && event.hasAnalysis();
            fixture.language.letThrough(1);
        }
        assertThat(heard).isTrue();
        fixture.language.stopHolding();
        client.reply("1");
        assertThat(client.next().getReplyStarted().getModel()).isEqualTo("speaker");
        assertThat(client.reply("2")).isNotEmpty();
    }

    @Test
    void aNewUtteranceInterruptsWhenAskedFor() throws Exception {
        Client client = open(ConverseSetup.newBuilder().setBargeIn(true));
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
        List<ConverseResponse> first = new java.util.ArrayList<>();
        List<ConverseResponse> second = new java.util.ArrayList<>();
        for (int i = 0; i < 200 && second.size() < 3; i++) {
            ConverseResponse event = client.next();
            (event.getUtteranceId().equals("1") ? first : second).add(event);
        }
        assertThat(first.getLast().getReplyFinished().getReason()).isEqualTo(FinishReason.FINISH_REASON_INTERRUPTED);
        assertThat(second.get(0).hasAnalysis()).isTrue();
        assertThat(second.get(1).hasReplyStarted()).isTrue();
        client.call()
                .onNext(ConverseRequest.newBuilder()
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
        Client client = open(ConverseSetup.newBuilder());
        for (String id : List.of("1", "2", "3")) {
            say(client, id, "a");
        }
        List<String> order = new java.util.ArrayList<>();
        for (int finished = 0; finished < 3; ) {
            ConverseResponse event = client.next();
            if (!event.hasAnalysis() && (order.isEmpty() || !order.getLast().equals(event.getUtteranceId()))) {
                order.add(event.getUtteranceId());
            }
            finished += event.hasReplyFinished() ? 1 : 0;
        }
        assertThat(order).containsExactly("1", "2", "3");
    }

    @Test
    void onlyListeningAndATargetOfItsOwn() throws Exception {
        Client client = open(ConverseSetup.newBuilder());
        say(client, Utterance.newBuilder().setUtteranceId("1").setText("a").setNoReply(true));
        assertThat(client.next().hasAnalysis()).isTrue();
        say(
                client,
                Utterance.newBuilder()
                        .setUtteranceId("2")
                        .setText("a")
                        .setTarget(EmotionTarget.newBuilder()
                                .setEmotion(CanonicalEmotion.CANONICAL_EMOTION_SADNESS)
                                .setIntensity(0.5f)));
        assertThat(client.next().hasAnalysis()).isTrue();
        ConverseResponse started = client.next();
        assertThat(started.getReplyStarted().getStrategy()).isEmpty();
        assertThat(started.getReplyStarted().getTarget().getIntensity()).isEqualTo(0.5f);
        assertThat(client.reply("2")).startsWith("tuv");
        assertThat(fixture.language.prompts().getLast()).startsWith("U:a\nU:a\n");
    }

    @Test
    void wrongMessagesGetTheirErrorsAndTheStreamLivesOn() throws Exception {
        Client client = open(ConverseSetup.newBuilder());
        say(client, "1", "  ");
        ConverseResponse error = client.next();
        assertThat(error.getUtteranceId()).isEqualTo("1");
        assertThat(error.getError().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT.value());
        client.call().onNext(ConverseRequest.getDefaultInstance());
        assertThat(client.next().getError().getMessage()).contains("no message");
        client.call()
                .onNext(ConverseRequest.newBuilder()
                        .setSetup(ConverseSetup.getDefaultInstance())
                        .build());
        assertThat(client.next().getError().getMessage()).contains("setup");
        say(client, Utterance.newBuilder().setText("a").setTimeoutMillis(-1));
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
        Client client = open(ConverseSetup.newBuilder().setLanguageModel("nobody"));
        assertThat(client.next()).isEqualTo(END);
        assertThat(client.status().getCode()).isEqualTo(Status.Code.NOT_FOUND);
        Client silent = new Client(true);
        fixture.dialogueAsync().converse(silent);
        say(silent, "1", "a");
        assertThat(silent.next()).isEqualTo(END);
        assertThat(silent.status().getDescription()).contains("setup");
    }

    @Test
    void aClientThatVanishesFreesEverything() throws Exception {
        Client client = open(ConverseSetup.newBuilder());
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
        Client client = open(ConverseSetup.newBuilder());
        say(client, "1", "wonderful");
        assertThat(client.next().hasAnalysis()).isTrue();
        ConverseResponse started = client.next();
        assertThat(started.getReplyStarted().getTemplate()).isTrue();
        assertThat(started.getReplyStarted().getStrategy()).isEqualTo("mirror");
        assertThat(client.reply("1")).isEqualTo("Nice!");
    }

    @Test
    void aClientThatDoesNotReadGetsNoFurtherReplies() throws Exception {
        fixture.language.neverEnd();
        ConverseSetup.Builder setup = ConverseSetup.newBuilder();
        setup.getSamplingBuilder().setMaxNewTokens(200).setTopLogProbs(20);
        Client client = open(setup, false);
        for (int i = 0; i < 60; i++) {
            say(client, "u" + i, "a");
        }
        int before = -1;
        for (int now = 0; now == 0 || now != before; now = fixture.language.steps()) {
            before = now;
            Thread.sleep(300);
        }
        assertThat(fixture.scheduler.hasWork()).isFalse();
        assertThat(before).isPositive().isLessThan(30 * 200);
        client.call().request(1_000_000);
        for (int finished = 0; finished < 60; ) {
            finished += client.next().hasReplyFinished() ? 1 : 0;
        }
    }

    @Test
    void aStoppingServerFinishesWhatWasSaid() throws Exception {
        Client client = open(ConverseSetup.newBuilder());
        fixture.language.holdSteps();
        say(client, "1", "a");
        fixture.language.awaitHeldStep();
        fixture.server.drain();
        say(client, "2", "a");
        awaitTrue(() -> fixture.answered("Converse first UNAVAILABLE") == 1);
        fixture.language.stopHolding();
        client.next();
        client.next();
        String text = "";
        boolean refused = false;
        for (ConverseResponse event = client.next(); !event.equals(END); event = client.next()) {
            text += event.getToken().getTextDelta();
            refused |= event.hasError() && event.getError().getCode() == Status.Code.UNAVAILABLE.value();
        }
        assertThat(text).endsWith("z");
        assertThat(client.status().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(refused).isTrue();
        assertThat(fixture.server.awaitCalls(java.time.Duration.ofSeconds(20))).isTrue();
    }
}
