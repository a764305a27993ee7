package dev.limbic.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.Frame;
import dev.limbic.domain.FrameEmotions;
import dev.limbic.domain.ImageSource.PixelFormat;
import dev.limbic.domain.ImageSource.RawImage;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.StreamSlots;
import dev.limbic.domain.StreamState;
import dev.limbic.model.FrameLogits;
import dev.limbic.model.Kinds;
import dev.limbic.model.Loading;
import dev.limbic.model.Model;
import dev.limbic.model.PreparedFrame;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.batch.Pace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Streams of a model for video that come, go, cancel and end all at once: no place is lost, no state is another's. */
class VideoStormTest {
    private static final int THREADS = 64;
    private static final int PLACES = 40;
    private static final int STREAMS_EACH = 6;
    private static final int CLIPS = 4;
    private static final int FRAMES = 5;
    private static final int SIDE = 64;

    private final Queue<String> problems = new ConcurrentLinkedQueue<>();
    private final List<Heard> submitted = new ArrayList<>();
    private final AtomicInteger turnedAway = new AtomicInteger();
    private final AtomicInteger compared = new AtomicInteger();

    /** What comes of a frame. */
    private final class Heard implements Receiver<FrameEmotions> {
        private final AtomicInteger calls = new AtomicInteger();
        private final CountDownLatch called = new CountDownLatch(1);
        private volatile @Nullable FrameEmotions answer;
        private volatile boolean cancelled;

        @Override
        public void answered(Answer<FrameEmotions> answered) {
            answer = answered.value();
            calls.incrementAndGet();
            called.countDown();
        }

        @Override
        public void failed(LimbicException failure) {
            problems.add("failed: " + failure.getMessage());
            calls.incrementAndGet();
            called.countDown();
        }

        void compare(String what, float[] expected) throws InterruptedException {
            if (!called.await(60, TimeUnit.SECONDS)) {
                problems.add(what + ": no answer");
                return;
            }
            FrameEmotions value = answer;
            if (value == null) {
                return;
            }
            if (value.stateReset()) {
                problems.add(what + ": reset");
            }
            for (int i = 0; i < expected.length; i++) {
                float found = value.emotions().logits()[i];
                if (!(Math.abs(found - expected[i]) <= 2e-5 * Math.max(1, Math.abs(expected[i])))) {
                    problems.add(what + ": expected " + expected[i] + ", found " + found);
                    return;
                }
            }
            compared.incrementAndGet();
        }
    }

    private static RawImage picture(int clip, int frame) {
        byte[] rgb = new byte[3 * SIDE * SIDE];
        new Random(100L * clip + frame).nextBytes(rgb);
        return new RawImage(PixelFormat.RGB, SIDE, SIDE, 0, rgb);
    }

    private static float[][][] alone(Model<Frame, PreparedFrame, FrameLogits, FrameEmotions> model, StreamSlots slots) {
        float[][][] logits = new float[CLIPS][FRAMES][];
        for (int clip = 0; clip < CLIPS; clip++) {
            try (StreamState stream = slots.open()) {
                for (int t = 0; t < FRAMES; t++) {
                    PreparedFrame frame = model.prepare(new Frame(picture(clip, t), stream));
                    logits[clip][t] = model.run(List.of(frame)).getFirst().logits();
                }
            }
        }
        return logits;
    }

    @Test
    void noPlaceIsLostAndNoStateIsAnothers() throws InterruptedException {
        StreamSlots slots = new StreamSlots(PLACES);
        ExecutorService completions = Executors.newSingleThreadExecutor();
        try (CpuDevice device = new CpuDevice(1);
                Model<Frame, PreparedFrame, FrameLogits, FrameEmotions> model = Kinds.VIDEO.load(new Loading(
                        Path.of("../models/starter/avatar-video"), "video", device, Precision.F32, 0, slots));
                ExecutorService workers = Executors.newFixedThreadPool(2);
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
                completions) {
            float[][][] expected = alone(model, slots);
            MicroBatcher batcher = new MicroBatcher("cpu", completions, BatchObserver.NONE, () -> {});
            BatchPolicy policy = new BatchPolicy(1 << 20, 8, 4096, Duration.ZERO);
            var served = new ServedModel<>(
                    Kinds.VIDEO, model.card(), () -> model, batcher.lane("video", model::run, policy, new Pace(4096)));
            Pipeline pipeline =
                    new Pipeline(new Catalog(List.of(served), Set.of()), new InputLimits(100, 1 << 20), workers);
            for (int thread = 0; thread < THREADS; thread++) {
                Random random = new Random(thread);
                clients.execute(() -> live(pipeline, slots, random, expected));
            }
            clients.shutdown();
            assertThat(clients.awaitTermination(5, TimeUnit.MINUTES)).isTrue();
            assertThat(batcher.drain(Duration.ofMinutes(1))).isTrue();
            completions.shutdown();
            assertThat(completions.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        }
        assertThat(problems).isEmpty();
        assertThat(slots.available()).isEqualTo(PLACES);
        assertThat(submitted).allSatisfy(each -> assertThat(each.calls.get()).isEqualTo(each.cancelled ? 0 : 1));
        assertThat(compared.get()).isGreaterThan(100);
        assertThat(submitted.stream().filter(each -> each.cancelled)).hasSizeGreaterThan(20);
    }

    private void live(Pipeline pipeline, StreamSlots slots, Random random, float[][][] expected) {
        try {
            for (int i = 0; i < STREAMS_EACH; i++) {
                try (StreamState stream = slots.open()) {
                    watch(pipeline, stream, random, expected);
                } catch (LimbicException.Overloaded full) {
                    turnedAway.incrementAndGet();
                    Thread.sleep(random.nextInt(20));
                }
            }
        } catch (InterruptedException | RuntimeException e) {
            problems.add("a client broke: " + e);
        }
    }

    /** Shows a clip; some frames are withdrawn and shown again, some streams end with a frame on its way. */
    private void watch(Pipeline pipeline, StreamState stream, Random random, float[][][] expected)
            throws InterruptedException {
        int clip = random.nextInt(CLIPS);
        for (int t = 0; t < FRAMES; ) {
            Heard heard = new Heard();
            synchronized (submitted) {
                submitted.add(heard);
            }
            Frame frame = new Frame(picture(clip, t), stream);
            Pending pending =
                    pipeline.submit(Kinds.VIDEO, new Request<>("", frame, Priority.NORMAL, Long.MAX_VALUE), heard);
            int choice = random.nextInt(10);
            if (choice == 0) {
                stream.close();
                return;
            }
            if (choice <= 4) {
                Thread.sleep(random.nextInt(4));
                heard.cancelled = pending.cancel();
            }
            if (!heard.cancelled) {
                heard.compare("clip " + clip + " frame " + t, expected[clip][t]);
                t++;
            }
        }
    }

    @Test
    void placesAreBoundedAndGivenBackOnce() {
        StreamSlots slots = new StreamSlots(2);
        StreamState first = slots.open();
        StreamState second = slots.open();
        assertThat(Set.of(first.slot(), second.slot())).containsExactlyInAnyOrder(0, 1);
        assertThatThrownBy(slots::open)
                .isInstanceOf(LimbicException.Overloaded.class)
                .hasMessage("all 2 places for what streams remember are taken (slots of the model)");
        int place = first.slot();
        first.close();
        first.close();
        assertThat(first.slot()).isEqualTo(StreamState.NONE);
        assertThat(slots.available()).isEqualTo(1);
        assertThat(slots.open().slot()).isEqualTo(place);
        assertThatThrownBy(slots::open).isInstanceOf(LimbicException.Overloaded.class);
    }
}
