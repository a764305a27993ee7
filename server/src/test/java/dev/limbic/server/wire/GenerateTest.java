package dev.limbic.server.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.v1.CanonicalEmotion;
import dev.limbic.v1.ChatMessage;
import dev.limbic.v1.Conversation;
import dev.limbic.v1.EmotionTarget;
import dev.limbic.v1.FinishReason;
import dev.limbic.v1.FollowSpeaker;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.ListModelsResponse;
import dev.limbic.v1.Model;
import dev.limbic.v1.Role;
import dev.limbic.v1.Sampling;
import dev.limbic.v1.Steering;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Generate over a real connection; the model goes on with the alphabet. */
class GenerateTest {
    private WireFixture fixture;

    @BeforeEach
    void start() throws IOException {
        fixture = new WireFixture();
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    private static GenerateRequest.Builder says(String text) {
        return GenerateRequest.newBuilder()
                .setRequestId("r")
                .setConversation(Conversation.newBuilder()
                        .addMessages(
                                ChatMessage.newBuilder().setRole(Role.ROLE_USER).setText(text)));
    }

    private List<GenerateResponse> generate(GenerateRequest.Builder request) {
        List<GenerateResponse> events = new ArrayList<>();
        fixture.dialogue()
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .generate(request.build())
                .forEachRemaining(events::add);
        return events;
    }

    private static String text(List<GenerateResponse> events) {
        return events.stream()
                .map(event ->
                        event.getToken().getTextDelta() + event.getFinished().getTextDelta())
                .collect(Collectors.joining());
    }

    private Status.Code refused(GenerateRequest.Builder request, String message) {
        Status[] status = new Status[1];
        assertThatThrownBy(() -> generate(request))
                .isInstanceOfSatisfying(StatusRuntimeException.class, e -> status[0] = e.getStatus());
        assertThat(status[0].getDescription()).contains(message);
        return status[0].getCode();
    }

    @Test
    void aReplyIsStartedToldTokenByTokenAndFinished() {
        List<GenerateResponse> events = generate(says("hello"));
        assertThat(events.getFirst().getStarted().getModel()).isEqualTo("speaker");
        assertThat(text(events)).isEqualTo("bcdefghijklmnopqrstuvwxyz");
        assertThat(events)
                .hasSize(1 + 25 + 1)
                .allMatch(event -> event.getRequestId().equals("r"));
        assertThat(events.get(1).getToken().getId()).isEqualTo('b');
        assertThat(events.get(1).getToken().getLogProb()).isBetween(-0.01f, 0f);
        var finished = events.getLast().getFinished();
        assertThat(finished.getReason()).isEqualTo(FinishReason.FINISH_REASON_STOP);
        assertThat(finished.getUsage().getCompletionTokens()).isEqualTo(25);
        assertThat(finished.getUsage().getPromptTokens()).isEqualTo("U:hello\na".length());
        assertThat(finished.getUsage().getFirstTokenMicros())
                .isPositive()
                .isLessThanOrEqualTo(finished.getUsage().getTotalMicros());
        assertThat(fixture.answered("Generate speaker OK")).isEqualTo(1);
    }

    @Test
    void theTargetEmotionReachesThePrompt() {
        Steering.Builder joy = Steering.newBuilder()
                .setTarget(EmotionTarget.newBuilder().setEmotion(CanonicalEmotion.CANONICAL_EMOTION_JOY));
        List<GenerateResponse> events = generate(says("hello").setSteering(joy));
        assertThat(text(events)).startsWith("klm");
        assertThat(events.getFirst().getStarted().getTarget().getIntensity()).isEqualTo(1);
        assertThat(events.getFirst().getStarted().getTarget().getEmotion())
                .isEqualTo(CanonicalEmotion.CANONICAL_EMOTION_JOY);
    }

    @Test
    void theLiveEmotionOfTheSpeakerChoosesTheStrategy() {
        Steering follow = Steering.newBuilder()
                .setFollowSpeaker(FollowSpeaker.newBuilder().setEmotionModel("second"))
                .build();
        List<GenerateResponse> events = generate(says("wonderful").setSteering(follow));
        assertThat(events.getFirst().getStarted().getStrategy()).isEqualTo("mirror");
        assertThat(events.getFirst().getStarted().getAnalysis().getModel()).isEqualTo("second");
        assertThat(text(events)).startsWith("klm");
    }

    @Test
    void samplingIsHonoured() {
        Sampling.Builder sampling =
                Sampling.newBuilder().setMaxNewTokens(3).setTopLogProbs(2).setTemperature(0);
        List<GenerateResponse> events = generate(says("hello").setSampling(sampling));
        assertThat(text(events)).isEqualTo("bcd");
        assertThat(events.getLast().getFinished().getReason()).isEqualTo(FinishReason.FINISH_REASON_LENGTH);
        assertThat(events.get(2).getToken().getTopList()).hasSize(2);
        assertThat(text(generate(says("x").setSampling(Sampling.newBuilder().addStopStrings("fg")))))
                .isEqualTo("bcde");
        assertThat(text(generate(says("x").setSampling(Sampling.newBuilder().addStopIds('h')))))
                .isEqualTo("bcdefg");
        assertThat(text(generate(says("x")
                        .setSampling(Sampling.newBuilder().putLogitBias('q', 50).setMaxNewTokens(2)))))
                .isEqualTo("qq");
        assertThat(text(generate(says("x")
                        .setSampling(Sampling.newBuilder().addBannedWords("e").setMaxNewTokens(4)))))
                .startsWith("bcd")
                .doesNotContain("e");
    }

    @Test
    void manyBiasesAndBansAreHonoured() {
        Sampling.Builder sampling = Sampling.newBuilder().setMaxNewTokens(3);
        for (int id = 0; id < 200; id++) {
            sampling.putLogitBias(id, id == 'q' ? 90 : -1);
        }
        assertThat(text(generate(says("x").setSampling(sampling)))).isEqualTo("qqq");
        Sampling.Builder bans = Sampling.newBuilder().setMaxNewTokens(5).setMinNewTokens(5);
        for (char c = '!'; c < 'b'; c++) {
            bans.addBannedWords(Character.toString(c));
            bans.addStopIds(c + 100);
        }
        assertThat(text(generate(says("x").setSampling(bans)))).isEqualTo("bcdef");
    }

    @Test
    void theSameSeedGivesTheSameTokensAloneAndInCompany() throws InterruptedException {
        GenerateRequest.Builder request = says("hello")
                .setSampling(Sampling.newBuilder().setTemperature(30).setSeed(7).setMaxNewTokens(20));
        String alone = text(generate(request));
        List<Thread> company = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int seed = i;
            company.add(Thread.ofPlatform()
                    .start(() -> generate(says("other")
                            .setSampling(
                                    Sampling.newBuilder().setTemperature(30).setSeed(seed)))));
        }
        assertThat(text(generate(request))).isEqualTo(alone).isNotEqualTo("bcdefghijklmnopqrstu");
        for (Thread thread : company) {
            thread.join();
        }
    }

    @Test
    void wrongRequestsAreRefusedWithTheReason() {
        assertThat(refused(GenerateRequest.newBuilder(), "set conversation or prompt"))
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(refused(says("x").setModel("nobody"), "speaker")).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(refused(says("x").setSampling(Sampling.newBuilder().setTemperature(-1)), "temperature"))
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(refused(says("x").setSampling(Sampling.newBuilder().setMaxNewTokens(-1)), "max_new_tokens"))
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(refused(says("x").setSampling(Sampling.newBuilder().putLogitBias(999, 1)), "999"))
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(refused(says(" "), "empty")).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(refused(says("x".repeat(300)), "does not fit")).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(refused(says("x".repeat(2000)), "longer than")).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(refused(
                        says("x").setSteering(Steering.newBuilder().setTarget(EmotionTarget.getDefaultInstance())),
                        "emotion"))
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(refused(
                        GenerateRequest.newBuilder()
                                .setPrompt("x")
                                .setSteering(
                                        Steering.newBuilder().setFollowSpeaker(FollowSpeaker.getDefaultInstance())),
                        "turn of the user"))
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(fixture.scheduler.hasWork()).isFalse();
    }

    @Test
    void cancellingFreesEverythingBeforeTheNextStep() throws InterruptedException {
        fixture.language.neverEnd();
        fixture.language.holdSteps();
        Context.CancellableContext context = Context.current().withCancellation();
        List<Iterator<GenerateResponse>> started = new ArrayList<>();
        context.run(() -> started.add(fixture.dialogue().generate(says("hello").build())));
        Iterator<GenerateResponse> events = started.getFirst();
        fixture.language.awaitHeldStep();
        assertThat(fixture.scheduler.blocksInUse()).isPositive();
        int steps = fixture.language.steps();
        context.cancel(null);
        awaitTrue(() -> fixture.answered("Generate speaker CANCELLED") == 1);
        fixture.language.letThrough(1);
        awaitTrue(() -> !fixture.scheduler.hasWork());
        assertThat(fixture.scheduler.blocksInUse()).isZero();
        assertThat(fixture.language.steps()).isEqualTo(steps);
        assertThatThrownBy(() -> events.forEachRemaining(event -> {})).isInstanceOf(StatusRuntimeException.class);
    }

    @Test
    void aReplyThatCannotBeInTimeIsRefusedBeforeItsPromptIsComputed() {
        fixture.language.neverEnd();
        fixture.language.whileComputing(step -> sleep(20));
        generate(says("hello").setSampling(Sampling.newBuilder().setMaxNewTokens(20)));
        int steps = fixture.language.steps();
        GenerateRequest.Builder late = says("hello")
                .setTimeoutMillis(200)
                .setSampling(Sampling.newBuilder().setMinNewTokens(100).setMaxNewTokens(100));
        assertThat(refused(late, "cannot be in time")).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(fixture.language.steps()).isEqualTo(steps);
    }

    @Test
    void anOwnTimeoutEndsTheReplyAndKeepsWhatWasSaid() throws InterruptedException {
        fixture.language.neverEnd();
        fixture.language.whileComputing(step -> sleep(5));
        List<GenerateResponse> events = generate(says("hello")
                .setTimeoutMillis(200)
                .setSampling(Sampling.newBuilder().setMaxNewTokens(240)));
        assertThat(events.getLast().getFinished().getReason()).isEqualTo(FinishReason.FINISH_REASON_DEADLINE);
        assertThat(text(events)).startsWith("b");
        assertThat(fixture.scheduler.blocksInUse()).isZero();
    }

    @Test
    void whatIsServedIsListed() {
        ListModelsResponse list = fixture.models();
        Model speaker = list.getModelsList().getLast();
        assertThat(speaker.getName()).isEqualTo("speaker");
        assertThat(speaker.getKind()).isEqualTo("language");
        assertThat(speaker.getIsDefault()).isTrue();
        assertThat(speaker.getWriter().getControlsList()).containsExactly("joy");
        assertThat(list.getStrategiesList()).containsExactly("mirror", "keep");
    }

    private static void sleep(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void awaitTrue(java.util.function.BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 2000 && !condition.getAsBoolean(); i++) {
            Thread.sleep(5);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }
}
