package dev.limbic.server.wire;

import static dev.limbic.server.wire.InteractClient.END;
import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.v1.AudioChunk;
import dev.limbic.v1.Channel;
import dev.limbic.v1.Error;
import dev.limbic.v1.FaceWeights;
import dev.limbic.v1.Feedback;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.SignalSample;
import dev.limbic.v1.Utterance;
import io.grpc.Status;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a client may send on Interact, and what of it comes back on which channel. */
class ChannelsTest {
    private final WireFixture fixture = new WireFixture();

    ChannelsTest() throws IOException {}

    @AfterEach
    void stop() {
        fixture.close();
    }

    private InteractClient open(InteractSetup.Builder setup) {
        InteractClient client = new InteractClient(true);
        fixture.interaction().interact(client);
        client.call().onNext(InteractRequest.newBuilder().setSetup(setup).build());
        return client;
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

    @Test
    void whatAnEventCausesBringsBackItsNameClockAndSubject() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder());
        InteractRequest.Builder event = InteractRequest.newBuilder()
                .setEventId("1")
                .setClientTimeMicros(-42)
                .setSubject("Ann");
        client.call()
                .onNext(event.setUtterance(Utterance.newBuilder().setText("a")).build());
        client.call()
                .onNext(event.setEventId("2")
                        .setAudio(AudioChunk.getDefaultInstance())
                        .build());
        client.call().onCompleted();
        int ended = 0;
        for (InteractResponse response = client.next(); !response.equals(END); response = client.next()) {
            assertThat(response.getEventId()).isEqualTo(response.hasError() ? "2" : "1");
            assertThat(response.getClientTimeMicros()).isEqualTo(-42);
            assertThat(response.getSubject()).isEqualTo("Ann");
            ended += response.hasError() || response.hasReplyFinished() ? 1 : 0;
        }
        assertThat(ended).isEqualTo(2);
    }

    @Test
    void eventsThatNobodyServesAreRefusedByName() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder());
        for (InteractRequest.Builder event : List.of(
                InteractRequest.newBuilder().setAudio(AudioChunk.getDefaultInstance()),
                InteractRequest.newBuilder().setSignal(SignalSample.getDefaultInstance()),
                InteractRequest.newBuilder().setFaceWeights(FaceWeights.getDefaultInstance()),
                InteractRequest.newBuilder().setFeedback(Feedback.getDefaultInstance()))) {
            client.call().onNext(event.build());
            Error error = client.next().getError();
            assertThat(error.getCode()).isEqualTo(Status.Code.UNIMPLEMENTED.value());
            assertThat(error.getMessage())
                    .isEqualTo("event %s is not served by this server"
                            .formatted(event.getEventCase().name().toLowerCase(Locale.ROOT)));
        }
        say(client, "1", "a");
        assertThat(client.next().hasAnalysis()).isTrue();
        client.reply("1");
    }

    @Test
    void whoWantsNoRepliesGetsNoneWritten() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder().addChannels(Channel.CHANNEL_ANALYSIS));
        for (int i = 0; i < 2 * WireFixture.WINDOW; i++) {
            say(client, "u" + i, "wonderful");
            InteractResponse analysis = client.next();
            assertThat(analysis.getEventId()).isEqualTo("u" + i);
            assertThat(analysis.hasAnalysis()).isTrue();
        }
        client.call().onCompleted();
        assertThat(client.next()).isEqualTo(END);
        assertThat(fixture.language.steps()).isZero();
    }

    @Test
    void whoWantsRepliesAloneIsReadAllTheSame() throws Exception {
        InteractClient client = open(InteractSetup.newBuilder().addChannels(Channel.CHANNEL_REPLY));
        for (int i = 0; i < 2 * WireFixture.WINDOW; i++) {
            say(client, "silent", Utterance.newBuilder().setText("a").setNoReply(true));
            say(client, "u" + i, "wonderful");
            assertThat(client.next().getReplyStarted().getStrategy()).isEqualTo("mirror");
            client.reply("u" + i);
        }
        say(client, "wrong", " ");
        assertThat(client.next().hasError()).isTrue();
        assertThat(fixture.answered("Interact first OK")).isEqualTo(4 * WireFixture.WINDOW);
    }

    @Test
    void channelsThatNobodyServesEndTheStreamByName() throws Exception {
        for (Channel channel : Channel.values()) {
            if (channel == Channel.UNRECOGNIZED
                    || channel == Channel.CHANNEL_ANALYSIS
                    || channel == Channel.CHANNEL_REPLY
                    || channel == Channel.CHANNEL_FACES) {
                continue;
            }
            InteractClient client = open(InteractSetup.newBuilder()
                    .addChannels(Channel.CHANNEL_REPLY)
                    .addChannels(channel));
            assertThat(client.next()).isEqualTo(END);
            boolean given = channel != Channel.CHANNEL_UNSPECIFIED;
            assertThat(client.status().getCode())
                    .isEqualTo(given ? Status.Code.UNIMPLEMENTED : Status.Code.INVALID_ARGUMENT);
            assertThat(client.status().getDescription())
                    .contains(given ? channel.name().substring(8).toLowerCase(Locale.ROOT) : "not given");
        }
        InteractClient newer = open(InteractSetup.newBuilder().addChannelsValue(99));
        assertThat(newer.next()).isEqualTo(END);
        assertThat(newer.status().getDescription()).isEqualTo("channel 99 is not served by this server");
    }
}
