package dev.limbic.server.wire;

import static dev.limbic.server.wire.AnalyzeTest.text;
import static dev.limbic.server.wire.InteractClient.END;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.CanonicalEmotion;
import dev.limbic.v1.ChatMessage;
import dev.limbic.v1.EmotionTarget;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.Interrupt;
import dev.limbic.v1.Role;
import dev.limbic.v1.Utterance;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whatever a client calls something, it is kept and sent back: 256 bytes are possible. */
class NamesTest {
    private static final String LONGEST = "\u20ac".repeat(85) + "x"; // 256 bytes
    private static final String LONG = LONGEST + "y";

    private WireFixture fixture;

    @BeforeEach
    void start() throws IOException {
        fixture = new WireFixture();
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    private static void assertInvalid(String field, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("INVALID_ARGUMENT")
                .hasMessageContaining(field)
                .hasMessageContaining("256 bytes")
                .hasMessageContaining("found 257");
    }

    @Test
    void ofAnalyze() {
        AnalyzeRequest.Builder request = text("hi").toBuilder().setRequestId(LONGEST);
        assertThat(fixture.blocking().analyze(request.build()).getRequestId()).isEqualTo(LONGEST);
        assertInvalid(
                "request_id",
                () -> fixture.blocking().analyze(request.setRequestId(LONG).build()));
        assertInvalid(
                "model",
                () -> fixture.blocking()
                        .analyze(request.clearRequestId().setModel(LONG).build()));
    }

    @Test
    void ofAnalyzeStream() throws InterruptedException {
        Collected collected = new Collected(true);
        StreamObserver<AnalyzeRequest> requests = fixture.async().analyzeStream(collected);
        requests.onNext(text("hi").toBuilder().setRequestId(LONG).build());
        AnalyzeStreamResponse refused = collected.next();
        assertThat(refused.getRequestId()).isEmpty();
        assertThat(refused.getError().getMessage()).contains("request_id", "found 257");
        requests.onNext(text("hi").toBuilder().setRequestId(LONGEST).build());
        assertThat(collected.next().getRequestId()).isEqualTo(LONGEST);
        requests.onCompleted();
        assertThat(collected.awaitEnd()).isEqualTo(Status.OK);
    }

    private void generate(GenerateRequest.Builder request) {
        request.getConversationBuilder()
                .clear()
                .addMessages(ChatMessage.newBuilder().setRole(Role.ROLE_USER).setText("a"));
        fixture.dialogue().generate(request.build()).forEachRemaining(event -> {});
    }

    @Test
    void ofGenerate() {
        generate(GenerateRequest.newBuilder().setRequestId(LONGEST));
        assertInvalid("request_id", () -> generate(GenerateRequest.newBuilder().setRequestId(LONG)));
        assertInvalid("model", () -> generate(GenerateRequest.newBuilder().setModel(LONG)));
        GenerateRequest.Builder style = GenerateRequest.newBuilder();
        style.getSteeringBuilder().setTarget(manner());
        assertInvalid("target.style", () -> generate(style));
        GenerateRequest.Builder follow = GenerateRequest.newBuilder();
        follow.getSteeringBuilder().getFollowSpeakerBuilder().setEmotionModel(LONG);
        assertInvalid("emotion_model", () -> generate(follow));
    }

    private static EmotionTarget.Builder manner() {
        return EmotionTarget.newBuilder()
                .setEmotion(CanonicalEmotion.CANONICAL_EMOTION_JOY)
                .setStyle(LONG);
    }

    private InteractClient open(InteractSetup.Builder setup) {
        InteractClient client = new InteractClient(true);
        fixture.interaction().interact(client);
        client.call().onNext(InteractRequest.newBuilder().setSetup(setup).build());
        return client;
    }

    private InteractResponse say(InteractClient client, String id, Utterance.Builder utterance)
            throws InterruptedException {
        client.call()
                .onNext(InteractRequest.newBuilder()
                        .setEventId(id)
                        .setUtterance(utterance.setText("a").setNoReply(true))
                        .build());
        return client.next();
    }

    @Test
    void ofUtterances() throws InterruptedException {
        InteractClient client = open(InteractSetup.newBuilder());
        InteractResponse refused = say(client, LONG, Utterance.newBuilder());
        assertThat(refused.getEventId()).isEmpty();
        assertThat(refused.getError().getMessage()).contains("event_id", "found 257");
        client.call()
                .onNext(InteractRequest.newBuilder()
                        .setEventId("1")
                        .setSubject(LONG)
                        .setInterrupt(Interrupt.getDefaultInstance())
                        .build());
        refused = client.next();
        assertThat(refused.getEventId()).isEqualTo("1");
        assertThat(refused.getSubject()).isEmpty();
        assertThat(refused.getError().getMessage()).contains("subject", "found 257");
        refused = say(client, "2", Utterance.newBuilder().setTarget(manner()));
        assertThat(refused.getEventId()).isEqualTo("2");
        assertThat(refused.getError().getMessage()).contains("target.style", "found 257");
        assertThat(say(client, LONGEST, Utterance.newBuilder()).getEventId()).isEqualTo(LONGEST);
    }

    @Test
    void ofSetups() throws InterruptedException {
        for (InteractSetup.Builder setup : new InteractSetup.Builder[] {
            InteractSetup.newBuilder().setLanguageModel(LONG),
            InteractSetup.newBuilder().setEmotionModel(LONG),
            InteractSetup.newBuilder().setPersona("x".repeat(1025)) // as long as a text may be
        }) {
            InteractClient client = open(setup);
            assertThat(client.next()).isEqualTo(END);
            assertThat(client.status().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(client.status().getDescription()).containsAnyOf("found 257", "1024 bytes");
        }
    }
}
