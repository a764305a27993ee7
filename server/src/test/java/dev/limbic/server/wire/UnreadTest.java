package dev.limbic.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.v1.ConverseRequest;
import dev.limbic.v1.ConverseResponse;
import dev.limbic.v1.ConverseSetup;
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

/** Converse for a client that sends and does not read: it is not read for ever. */
class UnreadTest {
    private static final int MANY = 20_000;
    private static final String LONG_NAME = "n".repeat(250);

    /** What a client may repeat, and what it gets for it. */
    enum Message {
        SETUP(ConverseRequest.newBuilder()
                .setSetup(ConverseSetup.newBuilder().setPersona(LONG_NAME))
                .build()),
        NOTHING(ConverseRequest.getDefaultInstance()),
        EMPTY(said("", false)),
        NO_REPLY(said("a", true)),
        BARGE_IN(said("a", false));

        private final ConverseRequest request;

        Message(ConverseRequest request) {
            this.request = request;
        }
    }

    private static ConverseRequest said(String text, boolean noReply) {
        return ConverseRequest.newBuilder()
                .setUtterance(Utterance.newBuilder()
                        .setUtteranceId(LONG_NAME)
                        .setText(text)
                        .setNoReply(noReply))
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

    private ConverseClient open() {
        ConverseClient client = new ConverseClient(false);
        fixture.dialogueAsync().converse(client);
        ConverseSetup.Builder setup = ConverseSetup.newBuilder().setBargeIn(true);
        setup.getSamplingBuilder().setMaxNewTokens(200).setTopLogProbs(20);
        client.call().onNext(ConverseRequest.newBuilder().setSetup(setup).build());
        return client;
    }

    /** Until the server has taken something and takes no more, or has taken everything. */
    private void awaitSettled() throws InterruptedException {
        long before = -1;
        for (long now = 0; now == 0 || now != before; now = taken()) {
            before = now;
            Thread.sleep(500);
        }
    }

    private long taken() {
        return fixture.answered.values().stream().mapToLong(each -> each.get()).sum();
    }

    @ParameterizedTest
    @EnumSource(Message.class)
    void isNotReadForEver(Message message) throws InterruptedException {
        ConverseClient client = open();
        for (int i = 0; i < MANY; i++) {
            client.call().onNext(message.request);
        }
        awaitSettled();
        // Of events of at least 40 bytes, what two transports and the window hold.
        assertThat(taken()).isPositive().isLessThan(MANY / 4);
        assertThat(client.call().isReady()).isFalse();
        client.call().request(Integer.MAX_VALUE);
        client.call()
                .onNext(ConverseRequest.newBuilder()
                        .setUtterance(Utterance.newBuilder()
                                .setUtteranceId("last")
                                .setText("a")
                                .setNoReply(true))
                        .build());
        client.call().onCompleted();
        boolean heard = false;
        for (ConverseResponse next = client.next(); !next.equals(ConverseClient.END); next = client.next()) {
            heard |= next.getUtteranceId().equals("last") && next.hasAnalysis();
        }
        assertThat(heard).as("the last utterance is heard").isTrue();
    }

    @Test
    void interruptsAreNotReadForEverEither() throws InterruptedException {
        fixture.language.neverEnd();
        ConverseClient client = new ConverseClient(false);
        fixture.dialogueAsync().converse(client);
        ConverseSetup.Builder setup = ConverseSetup.newBuilder();
        setup.getSamplingBuilder().setMaxNewTokens(200).setTopLogProbs(20);
        client.call().onNext(ConverseRequest.newBuilder().setSetup(setup).build());
        for (int i = 0; i < WireFixture.WINDOW - 1; i++) {
            client.call()
                    .onNext(said("a", false)); // replies that fill the transport, and a place is left for interrupts
        }
        int before = -1;
        for (int now = 0; now == 0 || now != before; now = fixture.language.steps()) {
            before = now;
            Thread.sleep(300);
        }
        for (int i = 0; i < MANY; i++) {
            client.call()
                    .onNext(ConverseRequest.newBuilder()
                            .setInterrupt(Interrupt.getDefaultInstance())
                            .build());
        }
        awaitSettled();
        assertThat(client.call().isReady()).as("all interrupts were read").isFalse();
        client.call().request(Integer.MAX_VALUE);
        client.call().onCompleted();
        while (!client.next().equals(ConverseClient.END)) {
            assertThat(fixture.defects).isEmpty();
        }
    }

    /** Network threads belong to everybody. */
    @Test
    void bannedWordsAreSpeltByWorkers() throws InterruptedException {
        List<String> threads = new CopyOnWriteArrayList<>();
        fixture.language.whileSpelling(
                word -> threads.add(Thread.currentThread().getName()));
        ConverseClient client = new ConverseClient(true);
        fixture.dialogueAsync().converse(client);
        ConverseSetup.Builder setup = ConverseSetup.newBuilder();
        setup.getSamplingBuilder().addBannedWords("never").addBannedWords("ever");
        client.call().onNext(ConverseRequest.newBuilder().setSetup(setup).build());
        client.call().onNext(said("a", false)); // at once: it must wait for the setup
        assertThat(client.next().hasAnalysis()).isTrue();
        assertThat(client.next().hasReplyStarted()).isTrue();
        client.reply(LONG_NAME);
        assertThat(threads).isNotEmpty().allMatch(thread -> thread.startsWith("limbic-worker"));
    }
}
