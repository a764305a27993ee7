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
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TextPipelineTest {
    private static final String LONG = "word ".repeat(200);
    private static final int QUEUE = 8;

    private final FakeTextModel model = new FakeTextModel("fake");
    private final Queue<Runnable> waitingForAnEncoder = new ArrayDeque<>();
    private final BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
    private final ExecutorService completions = Executors.newSingleThreadExecutor();
    private final CountedDrops drops = new CountedDrops();
    private MicroBatcher batcher;
    private TextPipeline pipeline;
    private Models models;

    @BeforeEach
    void start() {
        batcher = new MicroBatcher("cpu", new BatchPolicy(1000, 8, QUEUE, Duration.ZERO), completions, drops, () -> {});
        models = new Models(
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
    void whereTheQueueIsFullNoTextIsRead() throws InterruptedException {
        model.holdBatches();
        analyze("held");
        model.awaitHeldBatch();
        for (int i = 0; i < QUEUE; i++) {
            analyze("waits");
        }
        model.whileEncoding(() -> {
            throw new AssertionError("read");
        });
        for (String text : List.of("one too many", LONG)) {
            assertThatThrownBy(() -> analyze(text)).isInstanceOf(LimbicException.Overloaded.class);
        }
        assertThat(waitingForAnEncoder).isEmpty();
    }

    @Test
    void whatTheNetworkTakesIsTakenFromTheDeadline() throws InterruptedException {
        TextRequest urgent = new TextRequest(
                "", "hello", Priority.HIGH, Duration.ofMinutes(1).toNanos());
        for (int i = 0; i < 100; i++) {
            pipeline.sent(Duration.ofMinutes(1).toNanos());
        }
        assertThatThrownBy(() -> pipeline.analyze(urgent, receiver())).isInstanceOf(LimbicException.Overloaded.class);
        analyze("without a deadline");
        assertThat(outcome()).isInstanceOf(TextAnswer.class);
        for (int i = 0; i < 100; i++) {
            pipeline.sent(0);
        }
        pipeline.analyze(urgent, receiver());
        assertThat(outcome()).isInstanceOf(TextAnswer.class);
    }

    @Test
    void aLongTextIsNotReadIfTheQueueFilledMeanwhile() throws InterruptedException {
        model.holdBatches();
        analyze("held");
        model.awaitHeldBatch();
        analyze(LONG);
        for (int i = 0; i < QUEUE; i++) {
            analyze("waits");
        }
        model.whileEncoding(() -> {
            throw new AssertionError("read");
        });
        waitingForAnEncoder.remove().run();
        assertThat(outcome()).isInstanceOf(LimbicException.Overloaded.class);
    }

    @Test
    void aLongTextCancelledBeforeItsEncoderIsNeverAnswered() throws InterruptedException {
        TextPipeline.Pending pending = analyze(LONG);
        assertThat(pending.cancel()).isTrue();
        waitingForAnEncoder.remove().run();
        assertThat(outcomes.poll(50, TimeUnit.MILLISECONDS)).isNull();
        assertThat(model.entered()).isZero();
        assertThat(drops.cancelled).hasValue(1);
        assertThat(pending.cancel()).as("a second time").isFalse();
    }

    @Test
    void aLongTextCancelledWhileItIsReadIsNeverQueued() throws InterruptedException {
        TextPipeline.Pending pending = analyze(LONG);
        model.whileEncoding(pending::cancel);
        waitingForAnEncoder.remove().run();
        assertThat(outcomes.poll(50, TimeUnit.MILLISECONDS)).isNull();
        assertThat(model.entered()).isZero();
        assertThat(drops.cancelled).hasValue(1);
    }

    @Test
    void aLongTextThatExpiredIsNotEvenRead() throws InterruptedException {
        Duration timeout = Duration.ofMillis(500);
        pipeline.analyze(new TextRequest("", LONG, Priority.HIGH, timeout.toNanos()), receiver());
        model.whileEncoding(() -> {
            throw new AssertionError("read");
        });
        Thread.sleep(timeout.plusMillis(1));
        waitingForAnEncoder.remove().run();
        assertThat(outcome()).isInstanceOf(LimbicException.Expired.class);
        assertThat(drops.expired).hasValue(1);
    }

    @Test
    void anErrorOfTheTokeniserIsAnAnswer() throws InterruptedException {
        analyze(LONG);
        model.whileEncoding(() -> {
            throw new StackOverflowError();
        });
        waitingForAnEncoder.remove().run();
        assertThat(outcome()).isInstanceOf(LimbicException.Internal.class);
    }

    @Test
    void theMostUrgentTextIsReadFirst() {
        PriorityQueue<Runnable> workers = new PriorityQueue<>();
        TextPipeline urgentFirst = new TextPipeline(models, 10_000, workers::add);
        for (Priority priority : new Priority[] {Priority.LOW, Priority.NORMAL, Priority.HIGH}) {
            urgentFirst.analyze(new TextRequest("", LONG + priority, priority, Long.MAX_VALUE), receiver());
        }
        List<String> read = new ArrayList<>();
        model.whileEncoding(text -> read.add(text.substring(LONG.length())));
        while (!workers.isEmpty()) {
            workers.remove().run();
        }
        assertThat(read).containsExactly("HIGH", "NORMAL", "LOW");
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
        return pipeline.analyze(request, receiver());
    }

    private TextPipeline.Receiver receiver() {
        return new TextPipeline.Receiver() {
            @Override
            public void answered(TextAnswer answer) {
                outcomes.add(answer);
            }

            @Override
            public void failed(LimbicException failure) {
                outcomes.add(failure);
            }
        };
    }

    private static final class CountedDrops implements BatchObserver {
        final AtomicInteger cancelled = new AtomicInteger();
        final AtomicInteger expired = new AtomicInteger();

        @Override
        public void ran(String lane, int rows, int tokens, long computeNanos) {}

        @Override
        public void waited(String lane, long queueNanos) {}

        @Override
        public void dropped(String lane, Drop reason) {
            (reason == Drop.CANCELLED ? cancelled : expired).incrementAndGet();
        }

        @Override
        public void failed(String lane, int rows, Throwable cause) {}
    }

    private Object outcome() throws InterruptedException {
        Object outcome = outcomes.poll(20, TimeUnit.SECONDS);
        assertThat(outcome).as("an outcome within 20 s").isNotNull();
        return outcome;
    }
}
