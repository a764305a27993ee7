package dev.limbic.bench;

import com.google.protobuf.ByteString;
import dev.limbic.v1.Channel;
import dev.limbic.v1.FrameSettings;
import dev.limbic.v1.Image;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.PixelFormat;
import dev.limbic.v1.RawImage;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Characters whose faces are read, each on a stream of its own, at a fixed rate whatever becomes of the answers. One thread
 * sends all frames at their time, answers are handled on the network's threads.
 */
final class FrameLoad implements AutoCloseable {
    private static final long HIGHEST_NANOS = Duration.ofSeconds(60).toNanos();
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration QUIET = Duration.ofSeconds(1);
    private static final int CHANNELS = 4;

    /**
     * What was measured.
     *
     * @param sent frames that the client gave to the network, of all streams from the beginning to the end
     * @param held frames that the client did not send because the network took no more; not among those sent
     * @param answered frames with faces, or whose answer gave way to a newer one
     * @param dropped frames that a newer one overtook in the server, as it counts them
     * @param failed frames with an error, by its message
     * @param lost streams that broke
     * @param latency from the time that a frame was to be sent to its answer, in nanoseconds, warm-up excluded
     * @param lag from that time to the sending, in nanoseconds, warm-up excluded
     * @param behind by answer, how many newer frames of its stream had been sent when it came, warm-up excluded
     */
    record Result(
            long sent,
            long held,
            long answered,
            long dropped,
            Map<String, Long> failed,
            long lost,
            Histogram latency,
            Histogram lag,
            Histogram behind) {
        long failures() {
            return failed.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    private final ManagedChannel[] channels = new ManagedChannel[CHANNELS];
    private final String model;
    private final double framesPerSecond;

    FrameLoad(int port, String model, double framesPerSecond) {
        this.model = model;
        this.framesPerSecond = framesPerSecond;
        for (int i = 0; i < CHANNELS; i++) {
            channels[i] = NettyChannelBuilder.forAddress("127.0.0.1", port)
                    .usePlaintext()
                    .directExecutor()
                    .build();
        }
    }

    /** Sends the pictures over and over, so many streams at phases drawn by chance, and waits for what comes back. */
    Result run(List<Image> pictures, int streams, Duration warmUp, Duration measured) throws InterruptedException {
        Tally tally = new Tally(warmUp.toNanos());
        CountDownLatch ended = new CountDownLatch(streams);
        List<Stream> all = new ArrayList<>();
        for (int i = 0; i < streams; i++) {
            all.add(new Stream(tally, ended, i));
        }
        double interval = 1e9 / framesPerSecond;
        double[] phases = new Random(1).doubles(streams, 0, interval).sorted().toArray();
        long start = System.nanoTime();
        tally.begin(start);
        long frames = (long) ((warmUp.toNanos() + measured.toNanos()) / interval);
        for (long k = 0; k < frames; k++) {
            for (int i = 0; i < streams; i++) {
                long due = start + (long) (k * interval + phases[i]);
                for (long now = System.nanoTime(); now < due; now = System.nanoTime()) {
                    LockSupport.parkNanos(due - now);
                }
                all.get(i).send(pictures.get((int) ((k + i) % pictures.size())), due);
            }
        }
        // One more, which nothing overtakes: its answer brings the count of those dropped before it.
        Thread.sleep(QUIET);
        for (Stream stream : all) {
            stream.send(pictures.getFirst(), System.nanoTime());
            stream.end();
        }
        ended.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        return tally.result(ended.getCount());
    }

    /** A picture of 8 bits per sample as it lies. */
    static Image raw(PixelFormat format, int width, int height, byte[] samples) {
        return Image.newBuilder()
                .setRaw(RawImage.newBuilder()
                        .setFormat(format)
                        .setWidth(width)
                        .setHeight(height)
                        .setPixels(ByteString.copyFrom(samples)))
                .setWhole(true)
                .build();
    }

    /** A file. */
    static Image encoded(byte[] file) {
        return Image.newBuilder()
                .setEncoded(ByteString.copyFrom(file))
                .setWhole(true)
                .build();
    }

    @Override
    public void close() {
        for (ManagedChannel channel : channels) {
            channel.shutdownNow();
        }
    }

    private static final class Tally {
        private final LongAdder sent = new LongAdder();
        private final LongAdder held = new LongAdder();
        private final LongAdder answered = new LongAdder();
        private final LongAdder dropped = new LongAdder();
        private final LongAdder lost = new LongAdder();
        private final Map<String, AtomicLong> failed = new ConcurrentHashMap<>();
        private final Histogram latency = new ConcurrentHistogram(HIGHEST_NANOS, 3);
        private final Histogram lag = new ConcurrentHistogram(HIGHEST_NANOS, 3);
        private final Histogram behind = new ConcurrentHistogram(100_000, 3);
        private final long warmUpNanos;
        private volatile long counting;

        Tally(long warmUpNanos) {
            this.warmUpNanos = warmUpNanos;
        }

        void begin(long start) {
            counting = start + warmUpNanos;
        }

        Result result(long missing) {
            Map<String, Long> failures = new TreeMap<>();
            failed.forEach((message, count) -> failures.put(message, count.get()));
            return new Result(
                    sent.sum(),
                    held.sum(),
                    answered.sum(),
                    dropped.sum(),
                    failures,
                    lost.sum() + missing,
                    latency,
                    lag,
                    behind);
        }
    }

    /** One character. Frames are named by their number; its clock is the time that they were to be sent at. */
    private final class Stream implements StreamObserver<InteractResponse> {
        private final Tally tally;
        private final CountDownLatch ended;
        private final AtomicInteger last = new AtomicInteger(-1);
        private final ClientCallStreamObserver<InteractRequest> requests;
        private volatile boolean broken;

        Stream(Tally tally, CountDownLatch ended, int number) {
            this.tally = tally;
            this.ended = ended;
            requests = (ClientCallStreamObserver<InteractRequest>)
                    InteractionServiceGrpc.newStub(channels[number % CHANNELS]).interact(this);
            requests.onNext(InteractRequest.newBuilder()
                    .setSetup(InteractSetup.newBuilder()
                            .addChannels(Channel.CHANNEL_FACES)
                            .setFrames(FrameSettings.newBuilder().setModel(model)))
                    .build());
        }

        void send(Image picture, long due) {
            if (broken) {
                return;
            }
            if (!requests.isReady()) {
                tally.held.increment();
                return;
            }
            int number = last.incrementAndGet();
            tally.sent.increment();
            if (due >= tally.counting) {
                tally.lag.recordValue(Math.clamp(System.nanoTime() - due, 0, HIGHEST_NANOS));
            }
            requests.onNext(InteractRequest.newBuilder()
                    .setEventId(Integer.toString(number))
                    .setClientTimeMicros(due / 1000)
                    .setFrame(picture)
                    .build());
        }

        void end() {
            if (!broken) {
                requests.onCompleted();
            }
        }

        @Override
        public void onNext(InteractResponse response) {
            long now = System.nanoTime();
            switch (response.getEventCase()) {
                case FACES -> {
                    tally.answered.increment();
                    tally.dropped.add(response.getFaces().getDropped());
                    long due = response.getClientTimeMicros() * 1000;
                    if (due >= tally.counting) {
                        tally.latency.recordValue(Math.clamp(now - due, 0, HIGHEST_NANOS));
                        tally.behind.recordValue(last.get() - Integer.parseInt(response.getEventId()));
                    }
                }
                case GAP -> tally.answered.add(response.getGap().getMessages());
                case ERROR -> fail(response.getError().getMessage());
                default -> fail("an answer of kind " + response.getEventCase());
            }
        }

        private void fail(String message) {
            tally.failed.computeIfAbsent(message, _ -> new AtomicLong()).incrementAndGet();
        }

        @Override
        public void onError(Throwable thrown) {
            broken = true;
            System.out.println("a stream broke: " + thrown.getMessage());
            tally.lost.increment();
            ended.countDown();
        }

        @Override
        public void onCompleted() {
            broken = true;
            ended.countDown();
        }
    }
}
