package dev.limbic.server.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.Box;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Face;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.StreamSlots;
import dev.limbic.server.pipeline.FaceReader;
import dev.limbic.server.pipeline.FaceReading;
import dev.limbic.server.pipeline.FaceRequest;
import dev.limbic.server.pipeline.Pending;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

/**
 * 256 streams send frames as fast as they can to a pipeline that answers, fails, refuses and is slow at random, while clients
 * stop and go on reading. Each frame has one fate, and the counts add up.
 */
class FrameStormTest {
    private static final int STREAMS = 256;
    private static final int FRAMES = 200;
    private static final String[] SUBJECTS = {"", "a", "b"};

    private final AtomicInteger dropped = new AtomicInteger();
    private final AtomicInteger came = new AtomicInteger();
    private final FrameObserver observer = new FrameObserver() {
        @Override
        public void came() {
            came.incrementAndGet();
        }

        @Override
        public void dropped(Drop reason) {
            dropped.incrementAndGet();
        }
    };

    /** Two threads that answer about as fast as frames come. */
    private static final class Slow implements FaceReader, AutoCloseable {
        private final StreamSlots slots = new StreamSlots(STREAMS * SUBJECTS.length);
        private final ExecutorService devices = Executors.newFixedThreadPool(2);
        private final AtomicInteger reading = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();

        @Override
        public void requireServed(String model, String finder) {}

        @Override
        public Optional<StreamSlots> slots(String model) {
            return Optional.of(slots);
        }

        @Override
        public Pending read(FaceRequest request, FaceReading.Receiver receiver) {
            int number = Integer.parseInt(FakeFaceReader.name(request));
            if (number % 11 == 3) {
                throw new LimbicException.Overloaded("full", Duration.ZERO);
            }
            most.accumulateAndGet(reading.incrementAndGet(), Math::max);
            devices.execute(() -> {
                reading.decrementAndGet();
                if (number % 13 == 5) {
                    receiver.failed(new LimbicException.Invalid("broken"));
                } else {
                    request.states().of(List.of(new Face(Box.WHOLE, 1)));
                    receiver.read(FakeFaceReader.reading(number, Box.WHOLE));
                }
            });
            return () -> false;
        }

        @Override
        public Emotions meaning(String model, float[] logits) {
            return FakeFaceReader.reading(logits[0], Box.WHOLE)
                    .faces()
                    .getFirst()
                    .emotions()
                    .value();
        }

        @Override
        public void close() {
            devices.shutdownNow();
        }
    }

    /** What one client hears; all under the lock of its stream. */
    private static final class Client implements Frames.Audience {
        private final Random random;
        private final Map<String, Integer> newest = new HashMap<>();
        private final List<String> wrong = new ArrayList<>();
        private int answered;
        private int failed;
        private int toldDropped;
        private int done;
        private volatile boolean reads;

        Client(int seed) {
            random = new Random(seed);
        }

        @Override
        public void event(FrameEvent event) {
            int number = Integer.parseInt(event.cause().id());
            Integer before = newest.put(event.cause().subject(), number);
            if (before != null && before >= number) {
                wrong.add(number + " after " + before);
            }
            switch (event) {
                case FrameEvent.Seen seen -> {
                    answered++;
                    toldDropped += seen.dropped();
                }
                case FrameEvent.Failed lost -> failed++;
            }
        }

        @Override
        public void done(StreamFrame frame) {
            done++;
        }

        @Override
        public boolean listens() {
            return reads || random.nextInt(4) > 0;
        }
    }

    @Test
    void eachFrameHasOneFate() throws InterruptedException {
        FrameRules rules = new FrameRules(1e9, 3, Duration.ofDays(1), new FrameRules.Smoothing(1, 0.2));
        List<Client> clients = new ArrayList<>();
        List<Frames> streams = new ArrayList<>();
        try (Slow reader = new Slow()) {
            for (int s = 0; s < STREAMS; s++) {
                clients.add(new Client(s));
                streams.add(new Frames(
                        reader,
                        rules,
                        FrameSettings.DEFAULT,
                        observer,
                        System::nanoTime,
                        new ReentrantLock(),
                        clients.get(s)));
            }
            send(streams);
            for (int s = 0; s < STREAMS; s++) {
                clients.get(s).reads = true;
                for (int i = 0; i < 20_000 && !streams.get(s).idle(); i++) {
                    streams.get(s).proceed();
                    Thread.sleep(i == 0 ? 0 : 1);
                }
                assertThat(streams.get(s).idle()).as("stream " + s).isTrue();
            }
            assertThat(reader.most.get())
                    .as("frames that are read at a time")
                    .isLessThanOrEqualTo(STREAMS * SUBJECTS.length);
            assertThat(reader.slots.available()).as("a place for each face").isZero();
            streams.forEach(Frames::close);
            assertThat(reader.slots.available()).isEqualTo(reader.slots.size());
        }
        int all = 0;
        int told = 0;
        for (Client client : clients) {
            assertThat(client.wrong).as("answered after a newer one").isEmpty();
            assertThat(client.done).isEqualTo(FRAMES);
            assertThat(client.answered).isPositive();
            all += client.answered + client.failed;
            told += client.toldDropped;
        }
        assertThat(came).hasValue(STREAMS * FRAMES);
        assertThat(all + dropped.get()).isEqualTo(STREAMS * FRAMES);
        assertThat(dropped.get()).isPositive();
        assertThat(told).as("told of drops").isEqualTo(dropped.get());
    }

    /** The last frame of each subject is one that can be read, so that each drop is told. */
    private static void send(List<Frames> streams) throws InterruptedException {
        int threads = 4;
        CountDownLatch sent = new CountDownLatch(threads);
        ExecutorService senders = Executors.newFixedThreadPool(threads);
        try {
            for (int t = 0; t < threads; t++) {
                int first = t;
                senders.execute(() -> {
                    for (int i = 0; i < FRAMES; i++) {
                        for (int s = first; s < streams.size(); s += threads) {
                            String subject = SUBJECTS[i % SUBJECTS.length];
                            int number = i >= FRAMES - SUBJECTS.length ? 1001 * 143 + i % 3 : i;
                            streams.get(s).see(FakeFaceReader.frame(subject, String.valueOf(number), i));
                        }
                    }
                    sent.countDown();
                });
            }
            assertThat(sent.await(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            senders.shutdownNow();
        }
    }
}
