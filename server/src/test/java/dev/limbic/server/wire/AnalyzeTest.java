package dev.limbic.server.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.limbic.server.FakeTextModel;
import dev.limbic.v1.Analysis;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import dev.limbic.v1.CanonicalEmotion;
import dev.limbic.v1.CostUnit;
import dev.limbic.v1.ListModelsResponse;
import dev.limbic.v1.Model;
import dev.limbic.v1.Priority;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AnalyzeTest {
    private WireFixture fixture;

    @BeforeEach
    void start() throws IOException {
        fixture = new WireFixture();
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    @Test
    void answersWithEchoesScoresAndTiming() {
        AnalyzeResponse response = fixture.blocking()
                .analyze(AnalyzeRequest.newBuilder()
                        .setRequestId("line-7")
                        .setClientTimeMicros(-42)
                        .setPriority(Priority.PRIORITY_HIGH)
                        .setText("hello there you")
                        .build());
        assertThat(response.getRequestId()).isEqualTo("line-7");
        assertThat(response.getClientTimeMicros()).isEqualTo(-42);
        Analysis analysis = response.getAnalysis();
        assertThat(analysis.getModel()).isEqualTo("first");
        assertThat(analysis.getLogitsList()).containsExactly(5f, 1f, 0f);
        assertThat(analysis.getProbabilities(0)).isGreaterThan(0.9f);
        assertThat(analysis.getPredictedLabelIdsList()).containsExactly(0);
        assertThat(analysis.getCanonicalEmotionsCount()).isEqualTo(8);
        assertThat(analysis.getCanonicalEmotions(1).getEmotion()).isEqualTo(CanonicalEmotion.CANONICAL_EMOTION_JOY);
        assertThat(analysis.getCanonicalEmotions(1).getWeight()).isEqualTo(analysis.getProbabilities(0));
        assertThat(analysis.getAffect().getDominance()).isEqualTo(0.25f);
        assertThat(analysis.getIntensity()).isBetween(0.9f, 1f);
        assertThat(analysis.getTruncated()).isFalse();
        assertThat(analysis.getTiming().getCost()).isEqualTo(5);
        assertThat(analysis.getTiming().getCostUnit()).isEqualTo(CostUnit.COST_UNIT_TOKENS);
        assertThat(analysis.getTiming().getBatchRows()).isEqualTo(1);
        assertThat(analysis.getTiming().getBatchCost()).isEqualTo(5);
    }

    @Test
    void saysWhenTextWasTruncated() {
        assertThat(analyze("a b c d e f g h i j k l m n o p q r s t").getTruncated())
                .isTrue();
    }

    @Test
    void goesToTheModelThatIsNamed() {
        AnalyzeRequest request =
                AnalyzeRequest.newBuilder().setModel("second").setText("hi").build();
        assertThat(fixture.blocking().analyze(request).getAnalysis().getModel()).isEqualTo("second");
    }

    @Test
    void listsModelsAndLimits() {
        ListModelsResponse response = fixture.models();
        assertThat(response.getModelsList()).extracting(Model::getKind).containsExactly("text", "text", "language");
        assertThat(response.getModels(0).getClassifier().getLabelsList()).containsExactly("joy", "sadness", "neutral");
        assertThat(response.getModels(0).getIsDefault()).isTrue();
        assertThat(response.getModels(1).getIsDefault()).isFalse();
        assertThat(response.getModels(1).getClassifier().getMaxTokens()).isEqualTo(16);
        assertThat(response.getModels(1).getPrecision()).isEqualTo("f32");
        assertThat(response.getModels(1).getDevice()).isEqualTo("cpu");
        assertThat(response.getModels(1).getArchitecture()).isEqualTo("FakeForTests");
        assertThat(response.getLimits().getMaxTextBytes()).isEqualTo(1024);
        assertThat(response.getLimits().getMaxInFlightPerStream()).isEqualTo(WireFixture.WINDOW);
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThat(codeOf(AnalyzeRequest.getDefaultInstance())).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(codeOf(text(" "))).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(codeOf(text("x".repeat(1025)))).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(codeOf(text("\u20ac".repeat(342)))).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(codeOf(text("hi").toBuilder().setModel("third").build())).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(codeOf(text("hi").toBuilder().setPriorityValue(99).build())).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(codeOf(text("hi").toBuilder().setTimeoutMillis(-1).build())).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(fixture.first.entered()).isZero();
        assertThat(fixture.answered("Analyze first INVALID_ARGUMENT")).isEqualTo(6);
        assertThat(fixture.answered("Analyze unknown NOT_FOUND")).isEqualTo(1);
    }

    @Test
    void textOfExactlyTheLimitIsAccepted() {
        assertThat(analyze("\u20ac".repeat(341)).getTiming().getCost()).isEqualTo(3);
    }

    @Test
    void tellsNothingOfADefect() {
        StatusRuntimeException thrown = failure(text(FakeTextModel.FAIL));
        assertThat(thrown.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(thrown.getStatus().getDescription()).doesNotContain("device broke");
        assertThat(fixture.defects).hasSize(1);
        assertThat(analyze("still alive").getModel()).isEqualTo("first");
    }

    @Test
    void messageAboveTheSizeLimitEndsTheCall() {
        assertThat(codeOf(text("x".repeat(9000)))).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    void aDeadlineIsHonouredBeforeTheDevice() throws InterruptedException {
        fixture.first.holdBatches();
        fixture.async().analyze(text("holds the device"), new Ignored());
        fixture.first.awaitHeldBatch();
        Ignored late = new Ignored();
        fixture.async().withDeadlineAfter(1, TimeUnit.SECONDS).analyze(text("too late"), late);
        while (fixture.batcher.depth() == 0 && !late.hasEnded()) {
            Thread.onSpinWait();
        }
        assertThat(late.awaitEnd().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        while (fixture.batcher.depth() > 0) {
            Thread.onSpinWait(); // until the server has heard of it, too
        }
        fixture.first.stopHolding();
        assertThat(analyze("next").getModel()).isEqualTo("first");
        assertThat(fixture.first.entered()).isEqualTo(2);
        assertThat(fixture.cancelled.get() + fixture.expired.get()).isEqualTo(1);
    }

    @Test
    void aTimeoutOfTheMessageIsHonouredBeforeTheDevice() throws InterruptedException {
        fixture.first.holdBatches();
        fixture.async().analyze(text("holds the device"), new Ignored());
        fixture.first.awaitHeldBatch();
        // Enough time that the door lets it in, however slow the machine: the batch before it has only just begun.
        int timeoutMillis = 300;
        Ignored late = new Ignored();
        fixture.async()
                .analyze(
                        text("too late").toBuilder()
                                .setTimeoutMillis(timeoutMillis)
                                .build(),
                        late);
        Ignored patient = new Ignored();
        fixture.async().analyze(text("patient"), patient);
        while (fixture.batcher.depth() < 2 && !late.hasEnded()) {
            Thread.onSpinWait();
        }
        long end = System.nanoTime() + (timeoutMillis + 10) * 1_000_000L;
        while (System.nanoTime() < end) {
            Thread.onSpinWait(); // until the timeout has passed
        }
        fixture.first.stopHolding();
        assertThat(late.awaitEnd().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(patient.awaitEnd().getCode()).isEqualTo(Status.Code.OK);
        assertThat(fixture.expired).hasValue(1);
        assertThat(fixture.first.batches()).hasSize(2);
        assertThat(fixture.first.batches().get(1)).hasSize(1);
    }

    private Analysis analyze(String text) {
        return fixture.blocking().analyze(text(text)).getAnalysis();
    }

    private Status.Code codeOf(AnalyzeRequest request) {
        return failure(request).getStatus().getCode();
    }

    private StatusRuntimeException failure(AnalyzeRequest request) {
        return catchThrowableOfType(
                StatusRuntimeException.class, () -> fixture.blocking().analyze(request));
    }

    static AnalyzeRequest text(String text) {
        return AnalyzeRequest.newBuilder().setText(text).build();
    }
}
