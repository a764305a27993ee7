package dev.limbic.bench;

import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.EmotionServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntToLongFunction;
import org.HdrHistogram.Histogram;

/**
 * Loads a running server over the network and measures what a client sees. Closed loop: each stream waits. Answers are
 * handled on the client's network thread, so that what is measured ends at the wire and not with the client's threads;
 * {@link #blocking} shows what those add.
 */
public final class Load implements AutoCloseable {
    private static final List<String> LINES = List.of(
            "hey everyone, good to see you again",
            "did you hear that?",
            "no way, we actually won that fight, I can't believe it",
            "run!!",
            "I am so tired of losing to the same boss every single evening",
            "thanks for waiting for me",
            "what do you mean you sold my horse",
            "ok");
    private static final long HIGHEST_NANOS = Duration.ofSeconds(30).toNanos();

    private final ManagedChannel channel;
    private final String model;

    /**
     * Connects.
     *
     * @param model name of a model, empty for the default one
     */
    public Load(String host, int port, String model) {
        this.channel = NettyChannelBuilder.forAddress(host, port)
                .usePlaintext()
                .directExecutor()
                .build();
        this.model = model;
    }

    /**
     * What was measured.
     *
     * @param overhead wire to wire minus compute, in nanoseconds
     * @param roundTrip wire to wire, in nanoseconds
     * @param perSecond answers
     */
    public record Result(Histogram overhead, Histogram roundTrip, double perSecond) {
        /** Percentile of the overhead, in microseconds. */
        public double overheadMicros(double percentile) {
            return overhead.getValueAtPercentile(percentile) / 1e3;
        }
    }

    /** One client that calls Analyze again and again, each call started by the end of the one before. */
    public Result unary(Duration warmUp, Duration duration) throws InterruptedException {
        Tally tally = new Tally();
        long warm = System.nanoTime() + warmUp.toNanos();
        Calls calls = new Calls(tally, warm, warm + duration.toNanos());
        calls.next();
        calls.ended.await();
        return tally.result(duration);
    }

    /** One client whose thread sleeps until each call of Analyze returns. */
    public Result blocking(Duration warmUp, Duration duration) {
        EmotionServiceGrpc.EmotionServiceBlockingStub stub = EmotionServiceGrpc.newBlockingStub(channel);
        return loop(
                warmUp,
                duration,
                number ->
                        stub.analyze(request(number)).getAnalysis().getTiming().getComputeMicros());
    }

    /** The same with the standard health check, which computes nothing: what gRPC itself costs. */
    public Result blockingHealth(Duration warmUp, Duration duration) {
        HealthGrpc.HealthBlockingStub stub = HealthGrpc.newBlockingStub(channel);
        return loop(warmUp, duration, number -> {
            stub.check(HealthCheckRequest.getDefaultInstance());
            return 0;
        });
    }

    private static Result loop(Duration warmUp, Duration duration, IntToLongFunction computeMicrosOfCall) {
        Tally tally = new Tally();
        long warm = System.nanoTime() + warmUp.toNanos();
        long end = warm + duration.toNanos();
        for (int i = 0; System.nanoTime() < end; i++) {
            long sent = System.nanoTime();
            long computeMicros = computeMicrosOfCall.applyAsLong(i);
            long now = System.nanoTime();
            if (now >= warm) {
                tally.add(now - sent, computeMicros);
            }
        }
        return tally.result(duration);
    }

    /** Streams that each send the next line when the last one is answered. */
    public Result streams(int count, Duration warmUp, Duration duration) throws InterruptedException {
        long warm = System.nanoTime() + warmUp.toNanos();
        long end = warm + duration.toNanos();
        Tally tally = new Tally();
        List<PingPong> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(new PingPong(tally, warm, end, i));
        }
        all.forEach(PingPong::start);
        for (PingPong each : all) {
            each.ended.await();
        }
        return tally.result(duration);
    }

    /** Opens streams that say one line each and then nothing. Close what is returned to end them. */
    public AutoCloseable idleStreams(int count) throws InterruptedException {
        CountDownLatch answered = new CountDownLatch(count);
        CountDownLatch ended = new CountDownLatch(count);
        List<StreamObserver<AnalyzeRequest>> open = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            StreamObserver<AnalyzeRequest> requests = EmotionServiceGrpc.newStub(channel)
                    .analyzeStream(new StreamObserver<AnalyzeStreamResponse>() {
                        @Override
                        public void onNext(AnalyzeStreamResponse response) {
                            answered.countDown();
                        }

                        @Override
                        public void onError(Throwable thrown) {
                            ended.countDown();
                            answered.countDown();
                        }

                        @Override
                        public void onCompleted() {
                            ended.countDown();
                        }
                    });
            requests.onNext(request(i));
            open.add(requests);
        }
        answered.await();
        return () -> {
            open.forEach(StreamObserver::onCompleted);
            ended.await();
        };
    }

    private AnalyzeRequest request(int number) {
        return AnalyzeRequest.newBuilder()
                .setModel(model)
                .setClientTimeMicros(number)
                .setText(LINES.get(number % LINES.size()))
                .build();
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private static final class Tally {
        private final Histogram overhead = new org.HdrHistogram.ConcurrentHistogram(HIGHEST_NANOS, 3);
        private final Histogram roundTrip = new org.HdrHistogram.ConcurrentHistogram(HIGHEST_NANOS, 3);
        private final AtomicLong answers = new AtomicLong();

        void add(long nanos, long computeMicros) {
            roundTrip.recordValue(Math.min(HIGHEST_NANOS, nanos));
            overhead.recordValue(Math.clamp(nanos - computeMicros * 1000, 0, HIGHEST_NANOS));
            answers.incrementAndGet();
        }

        Result result(Duration duration) {
            return new Result(overhead, roundTrip, answers.get() * 1e9 / duration.toNanos());
        }
    }

    /** Unary calls one after the other. */
    private final class Calls implements StreamObserver<AnalyzeResponse> {
        private final CountDownLatch ended = new CountDownLatch(1);
        private final EmotionServiceGrpc.EmotionServiceStub stub = EmotionServiceGrpc.newStub(channel);
        private final Tally tally;
        private final long warm;
        private final long end;
        private int number;
        private volatile long sent;

        Calls(Tally tally, long warm, long end) {
            this.tally = tally;
            this.warm = warm;
            this.end = end;
        }

        void next() {
            AnalyzeRequest request = request(number++);
            sent = System.nanoTime();
            stub.analyze(request, this);
        }

        @Override
        public void onNext(AnalyzeResponse response) {
            long now = System.nanoTime();
            if (now >= warm) {
                tally.add(now - sent, response.getAnalysis().getTiming().getComputeMicros());
            }
        }

        @Override
        public void onError(Throwable thrown) {
            ended.countDown();
            throw new IllegalStateException(thrown);
        }

        @Override
        public void onCompleted() {
            if (System.nanoTime() < end) {
                next();
            } else {
                ended.countDown();
            }
        }
    }

    /** One stream with one line in flight; goes on from the thread that receives the answer. */
    private final class PingPong implements StreamObserver<AnalyzeStreamResponse> {
        private final CountDownLatch ended = new CountDownLatch(1);
        private final Tally tally;
        private final long warm;
        private final long end;
        private final StreamObserver<AnalyzeRequest> requests;
        private int number;
        private volatile long sent;

        PingPong(Tally tally, long warm, long end, int number) {
            this.tally = tally;
            this.warm = warm;
            this.end = end;
            this.number = number;
            this.requests = EmotionServiceGrpc.newStub(channel).analyzeStream(this);
        }

        void start() {
            sent = System.nanoTime();
            requests.onNext(request(number++));
        }

        @Override
        public void onNext(AnalyzeStreamResponse response) {
            long now = System.nanoTime();
            if (now >= warm && now < end) {
                tally.add(now - sent, response.getAnalysis().getTiming().getComputeMicros());
            }
            if (now < end) {
                start();
            } else {
                requests.onCompleted();
            }
        }

        @Override
        public void onError(Throwable thrown) {
            ended.countDown();
            throw new IllegalStateException(thrown);
        }

        @Override
        public void onCompleted() {
            ended.countDown();
        }
    }
}
