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
import org.jspecify.annotations.Nullable;

/**
 * A client of a running server that lets it talk: streams that gain tokens for as long as they are let, and requests
 * beside them. Prompts are letters, each a token; what is measured ends at the wire, on the network's thread.
 */
final class DialogueLoad implements AutoCloseable {
    /** A stream's reply; then the stream asks again. */
    private static final int REPLY = 512;

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

    /** Calls Analyze again and again, each call started by the end of the one before; nanoseconds wire to wire. */
    Histogram analyze(Priority priority, Duration duration) throws InterruptedException {
        Calls calls = new Calls(priority, System.nanoTime() + duration.toNanos());
        calls.next();
        await(calls.ended);
        return calls.roundTrip;
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
        private volatile boolean closed;

        /** Tokens that all streams have gained up to now. */
        long tokens() {
            return tokens.get();
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

        Talk(Streams streams) {
            this.streams = streams;
        }

        void begin() {
            DialogueServiceGrpc.newStub(channel).generate(request(16, REPLY), this);
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
        private final AnalyzeRequest request;
        private final long end;
        private volatile long sent;

        Calls(Priority priority, long end) {
            this.request = AnalyzeRequest.newBuilder()
                    .setPriority(priority)
                    .setText("no way, we actually won that fight")
                    .build();
            this.end = end;
        }

        void next() {
            sent = System.nanoTime();
            EmotionServiceGrpc.newStub(channel).analyze(request, this);
        }

        @Override
        public void onNext(AnalyzeResponse response) {
            roundTrip.recordValue(Math.min(HIGHEST_NANOS, System.nanoTime() - sent));
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
