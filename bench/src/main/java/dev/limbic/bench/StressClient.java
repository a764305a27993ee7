package dev.limbic.bench;

import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.FollowSpeaker;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.Interrupt;
import dev.limbic.v1.Role;
import dev.limbic.v1.Sampling;
import dev.limbic.v1.Utterance;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.AbstractAsyncStub;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A client without manners: joins, leaves in the midst of things, sets deadlines it cannot meet, reads slowly. */
final class StressClient implements Runnable {
    private static final List<String> LINES = List.of(
            "I have never been so happy in my life",
            "leave me alone",
            "they took everything from us last night and nobody even noticed",
            "what was that sound?",
            "ok",
            "you promised you would be there and you were not");

    /** Longer than any call can take that ends at all. */
    private static final int PATIENCE_SECONDS = 120;

    private final int port;
    private final Random random;
    private final long end;
    private final Map<String, AtomicLong> outcomes;

    /** @param outcomes how often calls ended how; takes names that begin with {@code wrong} for what must not happen */
    StressClient(int port, long seed, long end, Map<String, AtomicLong> outcomes) {
        this.port = port;
        this.random = new Random(seed);
        this.end = end;
        this.outcomes = outcomes;
    }

    @Override
    public void run() {
        ManagedChannel channel = connect();
        try {
            while (System.nanoTime() < end) {
                if (channel.isShutdown() || oneIn(8)) {
                    channel.shutdownNow();
                    channel = connect();
                }
                if (oneIn(2)) {
                    generate(channel);
                } else {
                    interact(channel);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            channel.shutdownNow();
        }
    }

    private ManagedChannel connect() {
        return NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    }

    private boolean oneIn(int chances) {
        return random.nextInt(chances) == 0;
    }

    private String line() {
        return LINES.get(random.nextInt(LINES.size()));
    }

    private Sampling sampling() {
        return Sampling.newBuilder().setMaxNewTokens(random.nextInt(1, 80)).build();
    }

    private <S extends AbstractAsyncStub<S>> S bounded(S stub, boolean bounded) {
        return bounded ? stub.withDeadlineAfter(random.nextInt(1, 300), TimeUnit.MILLISECONDS) : stub;
    }

    private void generate(ManagedChannel channel) throws InterruptedException {
        boolean bounded = oneIn(5);
        GenerateRequest.Builder request = GenerateRequest.newBuilder()
                .setPriorityValue(random.nextInt(4))
                .setSampling(sampling())
                .setTimeoutMillis(oneIn(5) ? random.nextInt(1, 300) : 0);
        if (oneIn(4)) {
            request.setPrompt(line());
        } else {
            request.getConversationBuilder()
                    .addMessagesBuilder()
                    .setRole(Role.ROLE_USER)
                    .setText(line());
            if (oneIn(2)) {
                request.getSteeringBuilder().setFollowSpeaker(FollowSpeaker.getDefaultInstance());
            }
        }
        bounded |= request.getTimeoutMillis() > 0;
        Call<GenerateRequest, dev.limbic.v1.GenerateResponse> call = new Call<>(oneIn(4));
        bounded(DialogueServiceGrpc.newStub(channel), bounded).generate(request.build(), call);
        end(call, "generate", channel, bounded);
    }

    private void interact(ManagedChannel channel) throws InterruptedException {
        boolean bounded = oneIn(6);
        Call<InteractRequest, dev.limbic.v1.InteractResponse> call = new Call<>(oneIn(4));
        StreamObserver<InteractRequest> requests =
                bounded(InteractionServiceGrpc.newStub(channel), bounded).interact(call);
        requests.onNext(InteractRequest.newBuilder()
                .setSetup(InteractSetup.newBuilder()
                        .setPersona(oneIn(2) ? "You are Mia, a shy baker." : "")
                        .setBargeIn(oneIn(2))
                        .setSampling(sampling()))
                .build());
        for (int i = random.nextInt(1, oneIn(10) ? 60 : 6); i > 0; i--) {
            InteractRequest.Builder message = InteractRequest.newBuilder();
            switch (random.nextInt(10)) {
                case 0 -> message.setInterrupt(Interrupt.getDefaultInstance());
                case 1 -> message.setUtterance(Utterance.newBuilder().setText(oneIn(2) ? " " : "x".repeat(20_000)));
                case 2 -> message.setUtterance(Utterance.newBuilder().setText((line() + " ").repeat(60)));
                default ->
                    message.setUtterance(Utterance.newBuilder()
                            .setText(line())
                            .setNoReply(oneIn(6))
                            .setTimeoutMillis(oneIn(5) ? random.nextInt(1, 300) : 0));
            }
            requests.onNext(message.build());
            Thread.sleep(random.nextInt(30));
        }
        requests.onCompleted();
        end(call, "interact", channel, bounded);
    }

    /** Hears the call out, or takes it back, or cuts the connection. */
    private void end(Call<?, ?> call, String what, ManagedChannel channel, boolean bounded)
            throws InterruptedException {
        boolean leaves = oneIn(3);
        if (leaves) {
            call.await(random.nextInt(300));
            if (oneIn(2)) {
                channel.shutdownNow();
            } else {
                call.cancel();
            }
        }
        boolean ended = call.await(1000L * PATIENCE_SECONDS);
        Status.Code code = call.status.getCode();
        boolean fair = ended
                && switch (code) {
                    case OK, RESOURCE_EXHAUSTED -> true;
                    case DEADLINE_EXCEEDED -> bounded;
                    case CANCELLED, UNAVAILABLE -> leaves || channel.isShutdown();
                    default -> false;
                };
        String outcome = (fair ? "" : "wrong: ") + what + " " + (ended ? code : "never ended");
        outcomes.computeIfAbsent(outcome, key -> new AtomicLong()).incrementAndGet();
    }

    /** Reads, fast or slowly, and forgets what it reads. */
    private static final class Call<Q, R> implements ClientResponseObserver<Q, R> {
        private final boolean slow;
        private final CountDownLatch ended = new CountDownLatch(1);
        private volatile @Nullable ClientCallStreamObserver<Q> call;
        private volatile Status status = Status.UNKNOWN;

        Call(boolean slow) {
            this.slow = slow;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<Q> started) {
            call = started;
            if (slow) {
                started.disableAutoRequestWithInitial(1);
            }
        }

        @Override
        public void onNext(R event) {}

        @Override
        public void onError(Throwable thrown) {
            status = Status.fromThrowable(thrown);
            ended.countDown();
        }

        @Override
        public void onCompleted() {
            status = Status.OK;
            ended.countDown();
        }

        void cancel() {
            Objects.requireNonNull(call).cancel("enough", null);
        }

        /** Whether the call ended within these milliseconds. */
        boolean await(long millis) throws InterruptedException {
            for (long waited = 0; waited < millis; waited += 5) {
                if (ended.await(5, TimeUnit.MILLISECONDS)) {
                    return true;
                }
                if (slow) {
                    Objects.requireNonNull(call).request(1);
                }
            }
            return ended.getCount() == 0;
        }
    }
}
