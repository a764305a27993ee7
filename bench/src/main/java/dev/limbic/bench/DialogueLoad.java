package dev.limbic.bench;

import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.Priority;
import dev.limbic.v1.Sampling;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;

/**
 * A client of a running server that lets it talk: streams that gain tokens for as long as they are let, and requests
 * beside them. Prompts are letters, each a token; what is measured ends at the wire, on the network's thread.
 */
final class DialogueLoad implements AutoCloseable {
    /** A stream's reply; then the stream asks again. */
    private static final int REPLY = 512;

    private static final int PROMPT = 16;

    private static final long HIGHEST_NANOS = Duration.ofSeconds(30).toNanos();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ManagedChannel channel;
    private final Random random = new Random(1);

    DialogueLoad(int port) {
        channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .directExecutor()
                .build();
    }

    private GenerateRequest request(int promptTokens, int newTokens) {
        StringBuilder prompt = new StringBuilder();
        for (int i = 0; i < promptTokens; i++) {
            prompt.append((char) random.nextInt('a', 'z'));
        }
        Sampling.Builder sampling = Sampling.newBuilder().setMaxNewTokens(newTokens);
        return GenerateRequest.newBuilder()
                .setPrompt(prompt.toString())
                .setSampling(sampling)
                .build();
    }

    /** Nanoseconds from a request to its first token, as the client sees it. */
    long firstToken(int promptTokens) throws InterruptedException {
        GenerateRequest request = request(promptTokens, 2);
        First first = new First();
        long sent = System.nanoTime();
        DialogueServiceGrpc.newStub(channel).generate(request, first);
        await(first.ended);
        return first.arrived - sent;
    }

    /** Opens streams that gain tokens until what is returned is closed; returns once all of them do. */
    Streams open(int count) throws InterruptedException {
        Streams streams = new Streams();
        for (int i = 0; i < count; i++) {
            Talk talk = new Talk(streams);
            streams.talks.add(talk);
            talk.begin();
        }
        for (Talk talk : streams.talks) {
            await(talk.speaking);
        }
        return streams;
    }

    /**
     * What calls of Analyze took.
     *
     * @param roundTrip nanoseconds, wire to wire
     * @param queued nanoseconds until their turn on the device came
     * @param steps steps of the streams that ended meanwhile: however slow the machine, that is what a call waited for
     */
    record Answers(Histogram roundTrip, Histogram queued, Histogram steps) {}

    /** Calls Analyze again and again beside the streams, each call started by the end of the one before. */
    Answers analyze(Priority priority, Duration duration, Streams streams) throws InterruptedException {
        Calls calls = new Calls(priority, System.nanoTime() + duration.toNanos(), streams.talks.getFirst());
        calls.next();
        await(calls.ended);
        return new Answers(calls.roundTrip, calls.queued, calls.steps);
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new IllegalStateException("the server has not answered within " + PATIENCE);
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    /** Streams that are talking. */
    static final class Streams implements AutoCloseable {
        private final List<Talk> talks = new ArrayList<>();
        private final AtomicLong tokens = new AtomicLong();
        private final Recorder steps = new Recorder(3);
        private volatile boolean closed;

        /** Nanoseconds between the tokens of one stream, since this was asked before. */
        Histogram steps() {
            return steps.getIntervalHistogram();
        }

        /** Tokens that all streams have gained up to now. */
        long tokens() {
            return tokens.get();
        }

        /** Tokens that a stream holds, prompt included, on the average. */
        double context() {
            return talks.stream()
                    .mapToDouble(talk -> PROMPT + talk.spoken)
                    .average()
                    .orElse(0);
        }

        /** Tokens per second of all streams together, over some time. */
        double rate(Duration duration) throws InterruptedException {
            long before = tokens();
            long start = System.nanoTime();
            Thread.sleep(duration);
            return (tokens() - before) * 1e9 / (System.nanoTime() - start);
        }

        @Override
        public void close() {
            closed = true;
            talks.forEach(Talk::cancel);
        }
    }

    private static final class First implements StreamObserver<GenerateResponse> {
        private final CountDownLatch ended = new CountDownLatch(1);
        private volatile long arrived;

        @Override
        public void onNext(GenerateResponse event) {
            if (event.hasToken() && arrived == 0) {
                arrived = System.nanoTime();
            }
        }

        @Override
        public void onError(Throwable thrown) {
            throw new IllegalStateException(thrown);
        }

        @Override
        public void onCompleted() {
            ended.countDown();
        }
    }

    private final class Talk implements ClientResponseObserver<GenerateRequest, GenerateResponse> {
        private final Streams streams;
        private final CountDownLatch speaking = new CountDownLatch(1);
        private volatile @Nullable ClientCallStreamObserver<GenerateRequest> call;
        private final AtomicLong tokens = new AtomicLong();
        private volatile long latest;
        private volatile int spoken;

        Talk(Streams streams) {
            this.streams = streams;
        }

        void begin() {
            spoken = 0;
            DialogueServiceGrpc.newStub(channel).generate(request(PROMPT, REPLY), this);
        }

        /** gRPC calls one listener from one thread at a time. */
        @SuppressWarnings("NonAtomicVolatileUpdate")
        private void hear() {
            spoken++;
        }

        void cancel() {
            ClientCallStreamObserver<GenerateRequest> begun = call;
            if (begun != null) {
                begun.cancel("enough", null);
            }
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<GenerateRequest> started) {
            call = started;
        }

        @Override
        public void onNext(GenerateResponse event) {
            if (event.hasToken()) {
                streams.tokens.incrementAndGet();
                tokens.incrementAndGet();
                hear();
                long now = System.nanoTime();
                if (this == streams.talks.getFirst() && latest != 0) {
                    streams.steps.recordValue(now - latest);
                }
                latest = now;
                speaking.countDown();
            }
        }

        @Override
        public void onError(Throwable thrown) {
            if (!streams.closed) {
                throw new IllegalStateException(thrown);
            }
        }

        @Override
        public void onCompleted() {
            if (!streams.closed) {
                begin();
            }
        }
    }

    /** Unary calls one after the other. */
    private final class Calls implements StreamObserver<AnalyzeResponse> {
        private final CountDownLatch ended = new CountDownLatch(1);
        private final Histogram roundTrip = new ConcurrentHistogram(HIGHEST_NANOS, 3);
        private final Histogram queued = new ConcurrentHistogram(HIGHEST_NANOS, 3);
        private final Histogram steps = new ConcurrentHistogram(3);
        private final Talk beside;
        private final AnalyzeRequest request;
        private final long end;
        private volatile long sent;
        private volatile long tokensBefore;

        Calls(Priority priority, long end, Talk beside) {
            this.beside = beside;
            this.request = AnalyzeRequest.newBuilder()
                    .setPriority(priority)
                    .setText("no way, we actually won that fight")
                    .build();
            this.end = end;
        }

        void next() {
            tokensBefore = beside.tokens.get();
            sent = System.nanoTime();
            EmotionServiceGrpc.newStub(channel).analyze(request, this);
        }

        @Override
        public void onNext(AnalyzeResponse response) {
            roundTrip.recordValue(Math.min(HIGHEST_NANOS, System.nanoTime() - sent));
            steps.recordValue(beside.tokens.get() - tokensBefore);
            queued.recordValue(1000 * response.getAnalysis().getTiming().getQueueMicros());
        }

        @Override
        public void onError(Throwable thrown) {
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
}
