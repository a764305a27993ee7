package dev.limbic.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.ChatMessage;
import dev.limbic.v1.Conversation;
import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.DialogueServiceGrpc.DialogueServiceStub;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.EmotionTarget;
import dev.limbic.v1.FollowSpeaker;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.InteractionServiceGrpc.InteractionServiceStub;
import dev.limbic.v1.Interrupt;
import dev.limbic.v1.Role;
import dev.limbic.v1.Sampling;
import dev.limbic.v1.Steering;
import dev.limbic.v1.Utterance;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Clients that do to a server, at random, whatever clients do; each call that lives to its end must be answered as promised. */
final class Storm {
    private static final int CLIENTS = 12;

    /** How a call may end that was asked for well and neither bounded nor taken back. */
    private static final Set<Status.Code> FAIR = EnumSet.of(Status.Code.OK, Status.Code.RESOURCE_EXHAUSTED);

    private final int port;
    private final List<String> languages;
    private final boolean alphabet;
    private final Map<String, AtomicInteger> seen = new ConcurrentHashMap<>();
    private final AtomicReference<@Nullable Throwable> broken = new AtomicReference<>();

    /**
     * @param languages names of language models; the empty name is the default one
     * @param alphabet whether they go on with the alphabet
     */
    Storm(int port, List<String> languages, boolean alphabet) {
        this.port = port;
        this.languages = languages;
        this.alphabet = alphabet;
    }

    /** How often what happened. */
    Map<String, Integer> seen() {
        Map<String, Integer> counts = new TreeMap<>();
        seen.forEach((what, count) -> counts.put(what, count.get()));
        return counts;
    }

    /** Rages for a while and returns when every client has gone; fails with the seed if any was not served as promised. */
    void rage(long seed, Duration duration) throws InterruptedException {
        long end = System.nanoTime() + duration.toNanos();
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            Random random = new Random(seed + i);
            clients.add(Thread.ofPlatform().name("storm-" + i).start(() -> client(random, end)));
        }
        for (Thread client : clients) {
            client.join();
        }
        Throwable failure = broken.get();
        if (failure != null) {
            throw new AssertionError("seed " + seed + ": " + failure, failure);
        }
    }

    private void client(Random random, long end) {
        ManagedChannel channel = channel();
        try {
            while (System.nanoTime() < end && broken.get() == null) {
                switch (random.nextInt(12)) {
                    case 0, 1, 2, 3 -> generate(random, DialogueServiceGrpc.newStub(channel));
                    case 4, 5, 6, 7 -> interact(random, InteractionServiceGrpc.newStub(channel));
                    case 8 -> vanish(random);
                    case 9 -> babble(random, channel);
                    default -> analyze(random, channel);
                }
            }
        } catch (Throwable failure) {
            broken.compareAndSet(null, failure);
        } finally {
            channel.shutdownNow();
        }
    }

    private ManagedChannel channel() {
        return NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    }

    private void saw(String what) {
        seen.computeIfAbsent(what, key -> new AtomicInteger()).incrementAndGet();
    }

    private static boolean oneIn(Random random, int chances) {
        return random.nextInt(chances) == 0;
    }

    private static String words(Random random, int longest) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(1, longest);
        while (text.length() < length) {
            text.append((char) random.nextInt('a', 'z')).append(oneIn(random, 5) ? " " : "");
        }
        return text.append('a').toString();
    }

    private static void pause(Random random, int mostMillis) throws InterruptedException {
        if (!oneIn(random, 3)) {
            TimeUnit.MICROSECONDS.sleep(random.nextInt(1, 1000 * mostMillis));
        }
    }

    private Sampling.Builder sampling(Random random) {
        Sampling.Builder sampling = Sampling.newBuilder()
                .setMaxNewTokens(random.nextInt(1, 150))
                .setTemperature(oneIn(random, 2) ? 0 : 1)
                .setSeed(random.nextInt())
                .setTopLogProbs(random.nextInt(4));
        if (oneIn(random, 5)) {
            sampling.addStopStrings("xyz");
        }
        return sampling;
    }

    private GenerateRequest request(Random random) {
        GenerateRequest.Builder request = GenerateRequest.newBuilder()
                .setRequestId("r" + random.nextInt())
                .setModel(languages.get(random.nextInt(languages.size())))
                .setPriorityValue(random.nextInt(4))
                .setSampling(sampling(random));
        if (oneIn(random, 3)) {
            request.setPrompt(words(random, 60));
        } else {
            Conversation.Builder talk = Conversation.newBuilder();
            if (oneIn(random, 2)) {
                talk.addMessages(message(Role.ROLE_SYSTEM, words(random, 40)));
            }
            for (int turns = random.nextInt(2); turns > 0; turns--) {
                talk.addMessages(message(Role.ROLE_USER, words(random, 20)));
                talk.addMessages(message(Role.ROLE_ASSISTANT, words(random, 20)));
            }
            request.setConversation(talk.addMessages(message(Role.ROLE_USER, words(random, 20))));
            if (oneIn(random, 3)) {
                request.setSteering(Steering.newBuilder().setFollowSpeaker(FollowSpeaker.getDefaultInstance()));
            } else if (oneIn(random, 2)) {
                request.setSteering(Steering.newBuilder().setTarget(target(random)));
            }
        }
        return request.build();
    }

    private static EmotionTarget target(Random random) {
        return EmotionTarget.newBuilder()
                .setEmotionValue(random.nextInt(1, 8))
                .setIntensity(random.nextFloat())
                .build();
    }

    private static ChatMessage message(Role role, String text) {
        return ChatMessage.newBuilder().setRole(role).setText(text).build();
    }

    private void generate(Random random, DialogueServiceStub stub) throws InterruptedException {
        Set<Status.Code> allowed = EnumSet.copyOf(FAIR);
        GenerateRequest.Builder request = request(random).toBuilder();
        if (oneIn(random, 5)) {
            request.setTimeoutMillis(random.nextInt(1, 40));
            allowed.add(Status.Code.DEADLINE_EXCEEDED);
        }
        DialogueServiceStub bounded = stub;
        if (oneIn(random, 5)) {
            bounded = stub.withDeadlineAfter(random.nextInt(1, 40), TimeUnit.MILLISECONDS);
            allowed.add(Status.Code.DEADLINE_EXCEEDED);
        }
        if (oneIn(random, 10)) {
            spoil(random, request);
            allowed.add(Status.Code.INVALID_ARGUMENT);
            allowed.add(Status.Code.NOT_FOUND);
            allowed.remove(Status.Code.OK);
        }
        StormCall<GenerateRequest, GenerateResponse> call = new StormCall<>(oneIn(random, 4));
        bounded.generate(request.build(), call);
        if (oneIn(random, 4)) {
            call.awaitEvents(random.nextInt(30));
            call.cancel();
            allowed.add(Status.Code.CANCELLED);
        }
        Status status = call.awaitEnd();
        saw("generate " + status.getCode());
        assertThat(allowed).as("%s of %s", status, request).contains(status.getCode());
        if (status.isOk()) {
            StormPromises.requireReply(request.getRequestId(), call.events());
            saw(call.events().getLast().getFinished().getReason().name());
            if (call.events().getLast().getFinished().getUsage().getPreemptions() > 0) {
                saw("preempted");
            }
            if (alphabet) {
                StormPromises.requireAlphabet(call.events());
            }
        }
    }

    private static void spoil(Random random, GenerateRequest.Builder request) {
        switch (random.nextInt(5)) {
            case 0 -> request.setModel("nobody");
            case 1 -> request.clearInput();
            case 2 ->
                request.setPrompt("x".repeat(random.nextInt(17_000, 60_000))).clearSteering();
            case 3 -> request.setTimeoutMillis(-1);
            default -> request.getSamplingBuilder().setTemperature(-1);
        }
    }

    private void interact(Random random, InteractionServiceStub stub) throws InterruptedException {
        boolean bounded = oneIn(random, 6);
        StormCall<InteractRequest, InteractResponse> call = new StormCall<>(oneIn(random, 4));
        StreamObserver<InteractRequest> requests =
                (bounded ? stub.withDeadlineAfter(random.nextInt(1, 100), TimeUnit.MILLISECONDS) : stub).interact(call);
        StormPromises promises = new StormPromises();
        talk(random, requests, promises);
        if (oneIn(random, 4)) {
            call.awaitEvents(random.nextInt(60));
            call.cancel();
            saw("interact " + call.awaitEnd().getCode());
            return;
        }
        requests.onCompleted();
        Status status = call.awaitEnd();
        saw("interact " + status.getCode());
        if (status.isOk()) {
            promises.requireKept(call.events());
            call.events().stream()
                    .filter(event -> event.hasReplyFinished() || event.hasError())
                    .forEach(event -> saw(
                            event.hasError()
                                    ? "error " + event.getError().getCode()
                                    : event.getReplyFinished().getReason().name()));
        } else {
            assertThat(bounded && status.getCode() == Status.Code.DEADLINE_EXCEEDED)
                    .as(status.toString())
                    .isTrue();
        }
    }

    /** A setup and utterances, right and wrong ones. */
    private void talk(Random random, StreamObserver<InteractRequest> requests, StormPromises promises)
            throws InterruptedException {
        InteractSetup.Builder setup = InteractSetup.newBuilder()
                .setLanguageModel(languages.get(random.nextInt(languages.size())))
                .setBargeIn(oneIn(random, 2))
                .setPriorityValue(random.nextInt(4))
                .setSampling(sampling(random));
        if (oneIn(random, 2)) {
            setup.setPersona(words(random, 60));
        }
        requests.onNext(InteractRequest.newBuilder().setSetup(setup).build());
        int count = oneIn(random, 8) ? 60 : random.nextInt(1, 8);
        for (int i = 0; i < count; i++) {
            InteractRequest.Builder message = InteractRequest.newBuilder();
            switch (random.nextInt(12)) {
                case 0 -> message.setInterrupt(Interrupt.getDefaultInstance());
                case 1 -> promises.saidNameless();
                case 2 -> {
                    promises.saidNameless();
                    message.setSetup(setup);
                }
                default -> message.setEventId("u" + i).setUtterance(utterance(random, "u" + i, promises));
            }
            requests.onNext(message.build());
            pause(random, 5);
        }
    }

    private static Utterance utterance(Random random, String id, StormPromises promises) {
        Utterance.Builder utterance = Utterance.newBuilder().setText(words(random, 40));
        StormPromises.Wish wish = StormPromises.Wish.REPLY;
        switch (random.nextInt(16)) {
            case 0 -> {
                utterance.setText(" ");
                wish = StormPromises.Wish.WRONG;
            }
            case 1 -> {
                utterance.setTimeoutMillis(-1);
                wish = StormPromises.Wish.WRONG;
            }
            case 2 -> {
                utterance.setText("x".repeat(random.nextInt(17_000, 60_000)));
                wish = StormPromises.Wish.WRONG;
            }
            case 3 -> utterance.setText(words(random, 16_000)); // read by a worker, and too long for a reply
            case 4, 5 -> {
                utterance.setNoReply(true);
                wish = StormPromises.Wish.LISTEN;
            }
            case 6, 7 -> utterance.setTimeoutMillis(random.nextInt(1, 40));
            case 8, 9 -> utterance.setTarget(target(random));
            default -> {
                // As it is.
            }
        }
        promises.said(id, wish);
        return utterance.build();
    }

    /** A client that goes without a word, in the midst of everything. */
    private void vanish(Random random) throws InterruptedException {
        ManagedChannel own = channel();
        List<StormCall<?, ?>> calls = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            if (oneIn(random, 2)) {
                StormCall<GenerateRequest, GenerateResponse> call = new StormCall<>(oneIn(random, 4));
                DialogueServiceGrpc.newStub(own).generate(request(random), call);
                calls.add(call);
            } else {
                StormCall<InteractRequest, InteractResponse> call = new StormCall<>(oneIn(random, 4));
                talk(random, InteractionServiceGrpc.newStub(own).interact(call), new StormPromises());
                calls.add(call);
            }
        }
        pause(random, 20);
        own.shutdownNow();
        for (StormCall<?, ?> call : calls) {
            saw("vanished " + call.awaitEnd().getCode());
        }
    }

    /** Messages that are too large, and a conversation that begins in its midst. */
    private void babble(Random random, ManagedChannel channel) throws InterruptedException {
        if (oneIn(random, 2)) {
            StormCall<GenerateRequest, GenerateResponse> call = new StormCall<>(false);
            DialogueServiceGrpc.newStub(channel)
                    .generate(
                            GenerateRequest.newBuilder()
                                    .setPrompt("x".repeat(100_000))
                                    .build(),
                            call);
            assertThat(call.awaitEnd().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        } else {
            StormCall<InteractRequest, InteractResponse> call = new StormCall<>(false);
            StreamObserver<InteractRequest> requests =
                    InteractionServiceGrpc.newStub(channel).interact(call);
            for (int i = 0; i < 3; i++) {
                requests.onNext(InteractRequest.newBuilder()
                        .setInterrupt(Interrupt.getDefaultInstance())
                        .build());
            }
            assertThat(call.awaitEnd().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        }
        saw("babble");
    }

    private void analyze(Random random, ManagedChannel channel) throws InterruptedException {
        StormCall<AnalyzeRequest, AnalyzeStreamResponse> call = new StormCall<>(oneIn(random, 4));
        StreamObserver<AnalyzeRequest> requests =
                EmotionServiceGrpc.newStub(channel).analyzeStream(call);
        int count = random.nextInt(1, 20);
        for (int i = 0; i < count; i++) {
            requests.onNext(AnalyzeRequest.newBuilder()
                    .setText(words(random, 60))
                    .setPriorityValue(random.nextInt(4))
                    .build());
        }
        requests.onCompleted();
        Status status = call.awaitEnd();
        saw("analyze " + status.getCode());
        assertThat(FAIR).as(status.toString()).contains(status.getCode());
        assertThat(call.events()).hasSize(count);
    }
}
