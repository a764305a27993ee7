package dev.limbic.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TextPipelineTest {
    private static final String LONG = "word ".repeat(200);

    private final FakeTextModel model = new FakeTextModel("fake");
    private final Queue<Runnable> waitingForAnEncoder = new ArrayDeque<>();
    private final BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
    private final ExecutorService completions = Executors.newSingleThreadExecutor();
    private MicroBatcher batcher;
    private TextPipeline pipeline;

    @BeforeEach
    void start() {
        batcher = new MicroBatcher(
                "cpu", new BatchPolicy(1000, 8, 8, Duration.ZERO), completions, BatchObserver.NONE, () -> {});
        Models models = new Models(
                List.of(new Models.Served(model, batcher.lane("fake", batch -> List.of(model.logits(batch))))), "fake");
        pipeline = new TextPipeline(models, 10_000, this::leaveToAnEncoder);
    }

    private void leaveToAnEncoder(Runnable text) {
        if (waitingForAnEncoder.size() == 2) {
            throw new RejectedExecutionException();
        }
        waitingForAnEncoder.add(text);
    }

    @AfterEach
    void stop() {
        model.stopHolding();
        batcher.close();
        completions.shutdown();
    }

    @Test
    void aChatLineIsEncodedByTheCaller() throws InterruptedException {
        analyze("hello there");
        assertThat(waitingForAnEncoder).isEmpty();
        assertThat(outcome()).isInstanceOf(TextAnswer.class);
    }

    @Test
    void aLongTextIsLeftToAnEncoder() throws InterruptedException {
        analyze(LONG);
        assertThat(outcomes.poll(50, TimeUnit.MILLISECONDS)).isNull();
        waitingForAnEncoder.remove().run();
        assertThat(outcome())
                .isInstanceOfSatisfying(
                        TextAnswer.class,
                        answer -> assertThat(answer.truncated()).isTrue());
    }

    @Test
    void aLongTextThatCannotBeEncodedFailsItsReceiver() throws InterruptedException {
        analyze(LONG + FakeTextModel.UNENCODABLE);
        waitingForAnEncoder.remove().run();
        assertThat(outcome()).isInstanceOf(LimbicException.Internal.class);
    }

    @Test
    void tooManyLongTextsAreRefusedWithARetry() {
        analyze(LONG);
        analyze(LONG);
        assertThatThrownBy(() -> analyze(LONG))
                .isInstanceOfSatisfying(
                        LimbicException.Overloaded.class,
                        refusal -> assertThat(refusal.retryAfter()).isPositive());
    }

    @Test
    void aLongTextCancelledBeforeItsEncoderIsNeverAnswered() throws InterruptedException {
        TextPipeline.Pending pending = analyze(LONG);
        assertThat(pending.cancel()).isTrue();
        waitingForAnEncoder.remove().run();
        assertThat(outcomes.poll(50, TimeUnit.MILLISECONDS)).isNull();
        assertThat(model.entered()).isZero();
    }

    @Test
    void aLongTextCancelledInTheQueueIsNeverAnswered() throws InterruptedException {
        model.holdBatches();
        analyze("held");
        model.awaitHeldBatch();
        TextPipeline.Pending pending = analyze(LONG);
        waitingForAnEncoder.remove().run();
        assertThat(pending.cancel()).isTrue();
        assertThat(pending.cancel()).as("a second time").isFalse();
        model.stopHolding();
        outcome();
        assertThat(outcomes.poll(50, TimeUnit.MILLISECONDS)).isNull();
        assertThat(model.entered()).isEqualTo(1);
    }

    private TextPipeline.Pending analyze(String text) {
        TextRequest request = new TextRequest("", text, Priority.NORMAL, Long.MAX_VALUE);
        return pipeline.analyze(request, new TextPipeline.Receiver() {
            @Override
            public void answered(TextAnswer answer) {
                outcomes.add(answer);
            }

            @Override
            public void failed(LimbicException failure) {
                outcomes.add(failure);
            }
        });
    }

    private Object outcome() throws InterruptedException {
        Object outcome = outcomes.poll(20, TimeUnit.SECONDS);
        assertThat(outcome).as("an outcome within 20 s").isNotNull();
        return outcome;
    }
}
