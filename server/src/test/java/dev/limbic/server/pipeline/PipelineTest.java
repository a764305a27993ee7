package dev.limbic.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.model.Kinds;
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
import java.util.Set;
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

class PipelineTest {
    private static final String LONG = "word ".repeat(200);
    private static final int QUEUE = 8;

    private final FakeTextModel model = new FakeTextModel("fake");
    private final Queue<Runnable> waitingForAnEncoder = new ArrayDeque<>();
    private final BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
    private final ExecutorService completions = Executors.newSingleThreadExecutor();
    private final CountedDrops drops = new CountedDrops();
    private MicroBatcher batcher;
    private Pipeline pipeline;
    private ServedModel<Text, Encoding, float[], Emotions> served;

    @BeforeEach
    void start() {
        batcher = new MicroBatcher("cpu", completions, drops, () -> {});
        served = model.on(batcher, new BatchPolicy(1000, 8, QUEUE, Duration.ZERO));
        pipeline = new Pipeline(
                new Catalog(List.of(served), Set.of()), new InputLimits(10_000, 1 << 20), this::leaveToAnEncoder);
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
        assertThat(outcome()).isInstanceOf(Answer.class);
    }

    @Test
    void aLongTextIsLeftToAnEncoder() throws InterruptedException {
        analyze(LONG);
        assertThat(outcomes.poll(50, TimeUnit.MILLISECONDS)).isNull();
        waitingForAnEncoder.remove().run();
        assertThat(outcome())
                .isInstanceOfSatisfying(
                        Answer.class, answer -> assertThat(answer.truncated()).isTrue());
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
        Request<Text> urgent = new Request<>(
                "", new Text("hello"), Priority.HIGH, Duration.ofMinutes(1).toNanos());
        for (int i = 0; i < 100; i++) {
            pipeline.sent(Duration.ofMinutes(1).toNanos());
        }
        assertThatThrownBy(() -> pipeline.submit(Kinds.TEXT, urgent, receiver()))
                .isInstanceOf(LimbicException.Overloaded.class);
        analyze("without a deadline");
        assertThat(outcome()).isInstanceOf(Answer.class);
        for (int i = 0; i < 100; i++) {
            pipeline.sent(0);
        }
        pipeline.submit(Kinds.TEXT, urgent, receiver());
        assertThat(outcome()).isInstanceOf(Answer.class);
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
        Pending pending = analyze(LONG);
        assertThat(pending.cancel()).isTrue();
        waitingForAnEncoder.remove().run();
        assertThat(outcomes.poll(50, TimeUnit.MILLISECONDS)).isNull();
        assertThat(model.entered()).isZero();
        assertThat(drops.cancelled).hasValue(1);
        assertThat(pending.cancel()).as("a second time").isFalse();
    }

    @Test
    void aLongTextCancelledWhileItIsReadIsNeverQueued() throws InterruptedException {
        Pending pending = analyze(LONG);
        model.whileEncoding(pending::cancel);
        waitingForAnEncoder.remove().run();
        assertThat(outcomes.poll(50, TimeUnit.MILLISECONDS)).isNull();
        assertThat(model.entered()).isZero();
        assertThat(drops.cancelled).hasValue(1);
    }

    @Test
    void aLongTextThatExpiredIsNotEvenRead() throws InterruptedException {
        Duration timeout = Duration.ofMillis(500);
        pipeline.submit(Kinds.TEXT, new Request<>("", new Text(LONG), Priority.HIGH, timeout.toNanos()), receiver());
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
        Pipeline urgentFirst = new Pipeline(pipeline.catalog(), new InputLimits(10_000, 1 << 20), workers::add);
        for (Priority priority : new Priority[] {Priority.LOW, Priority.NORMAL, Priority.HIGH}) {
            urgentFirst.submit(
                    Kinds.TEXT, new Request<>("", new Text(LONG + priority), priority, Long.MAX_VALUE), receiver());
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
        Pending pending = analyze(LONG);
        waitingForAnEncoder.remove().run();
        assertThat(pending.cancel()).isTrue();
        assertThat(pending.cancel()).as("a second time").isFalse();
        model.stopHolding();
        outcome();
        assertThat(outcomes.poll(50, TimeUnit.MILLISECONDS)).isNull();
        assertThat(model.entered()).isEqualTo(1);
    }

    private Pending analyze(String text) {
        Request<Text> request = new Request<>("", new Text(text), Priority.NORMAL, Long.MAX_VALUE);
        return pipeline.submit(Kinds.TEXT, request, receiver());
    }

    private Receiver<Emotions> receiver() {
        return new Receiver<Emotions>() {
            @Override
            public void answered(Answer<Emotions> answer) {
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
