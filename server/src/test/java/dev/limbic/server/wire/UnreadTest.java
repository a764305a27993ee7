package dev.limbic.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.Interrupt;
import dev.limbic.v1.Utterance;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Interact for a client that sends and does not read: it is not read for ever. */
class UnreadTest {
    private static final int MANY = 20_000;
    private static final String LONG_NAME = "n".repeat(250);

    /** What a client may repeat, and what it gets for it. */
    enum Message {
        SETUP(InteractRequest.newBuilder()
                .setSetup(InteractSetup.newBuilder().setPersona(LONG_NAME))
                .build()),
        NOTHING(InteractRequest.getDefaultInstance()),
        EMPTY(said("", false)),
        NO_REPLY(said("a", true)),
        BARGE_IN(said("a", false));

        private final InteractRequest request;

        Message(InteractRequest request) {
            this.request = request;
        }
    }

    private static InteractRequest said(String text, boolean noReply) {
        return InteractRequest.newBuilder()
                .setEventId(LONG_NAME)
                .setUtterance(Utterance.newBuilder().setText(text).setNoReply(noReply))
                .build();
    }

    private WireFixture fixture;

    @BeforeEach
    void start() throws IOException {
        fixture = new WireFixture();
        fixture.first.keepNothing();
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    private InteractClient open() {
        InteractClient client = new InteractClient(false);
        fixture.interaction().interact(client);
        InteractSetup.Builder setup = InteractSetup.newBuilder().setBargeIn(true);
        setup.getSamplingBuilder().setMaxNewTokens(200).setTopLogProbs(20);
        client.call().onNext(InteractRequest.newBuilder().setSetup(setup).build());
        return client;
    }

    private long taken() {
        return fixture.answered.entrySet().stream()
                .filter(each -> each.getKey().startsWith("Interact "))
                .mapToLong(each -> each.getValue().get())
                .sum();
    }

    @ParameterizedTest
    @EnumSource(Message.class)
    void isNotReadForEver(Message message) throws InterruptedException {
        InteractClient client = open();
        for (int i = 0; i < MANY; i++) {
            client.call().onNext(message.request);
        }
        fixture.awaitSettled(this::taken);
        // Of events of at least 40 bytes, what two transports and the window hold.
        assertThat(taken()).isPositive().isLessThan(MANY / 4);
        assertThat(client.call().isReady()).isFalse();
        client.call().request(Integer.MAX_VALUE);
        client.call()
                .onNext(InteractRequest.newBuilder()
                        .setEventId("last")
                        .setUtterance(Utterance.newBuilder().setText("a").setNoReply(true))
                        .build());
        client.call().onCompleted();
        boolean heard = false;
        for (InteractResponse next = client.next(); !next.equals(InteractClient.END); next = client.next()) {
            heard |= next.getEventId().equals("last") && next.hasAnalysis();
        }
        assertThat(heard).as("the last utterance is heard").isTrue();
    }

    @Test
    void interruptsAreNotReadForEverEither() throws InterruptedException {
        fixture.language.neverEnd();
        InteractClient client = new InteractClient(false);
        fixture.interaction().interact(client);
        InteractSetup.Builder setup = InteractSetup.newBuilder();
        setup.getSamplingBuilder().setMaxNewTokens(200).setTopLogProbs(20);
        client.call().onNext(InteractRequest.newBuilder().setSetup(setup).build());
        for (int i = 0; i < WireFixture.WINDOW - 1; i++) {
            client.call()
                    .onNext(said("a", false)); // replies that fill the transport, and a place is left for interrupts
        }
        fixture.awaitSettled(fixture.language::steps);
        for (int i = 0; i < MANY; i++) {
            client.call()
                    .onNext(InteractRequest.newBuilder()
                            .setInterrupt(Interrupt.getDefaultInstance())
                            .build());
        }
        fixture.awaitSettled(this::taken);
        assertThat(client.call().isReady()).as("all interrupts were read").isFalse();
        client.call().request(Integer.MAX_VALUE);
        client.call().onCompleted();
        while (!client.next().equals(InteractClient.END)) {
            assertThat(fixture.defects).isEmpty();
        }
    }

    /** Network threads belong to everybody. */
    @Test
    void bannedWordsAreSpeltByWorkers() throws InterruptedException {
        List<String> threads = new CopyOnWriteArrayList<>();
        fixture.language.whileSpelling(
                word -> threads.add(Thread.currentThread().getName()));
        InteractClient client = new InteractClient(true);
        fixture.interaction().interact(client);
        InteractSetup.Builder setup = InteractSetup.newBuilder();
        setup.getSamplingBuilder().addBannedWords("never").addBannedWords("ever");
        client.call().onNext(InteractRequest.newBuilder().setSetup(setup).build());
        client.call().onNext(said("a", false)); // at once: it must wait for the setup
        assertThat(client.next().hasAnalysis()).isTrue();
        assertThat(client.next().hasReplyStarted()).isTrue();
        client.reply(LONG_NAME);
        assertThat(threads).isNotEmpty().allMatch(thread -> thread.startsWith("limbic-worker"));
    }
}
