package dev.limbic.server.wire;

import com.google.protobuf.ByteString;
import dev.limbic.model.ClassifierCard;
import dev.limbic.model.FinderCard;
import dev.limbic.model.Kinds;
import dev.limbic.model.LanguageCard;
import dev.limbic.model.ModelCard;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.ChatMessage;
import dev.limbic.v1.Conversation;
import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.Image;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.PixelFormat;
import dev.limbic.v1.RawImage;
import dev.limbic.v1.Role;
import dev.limbic.v1.Sampling;
import dev.limbic.v1.Utterance;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Sends each model a request over the wire, to see that a server works from end to end. */
public final class SelfCheck {
    /** Short enough for any limits.max-text that lets anything through. */
    private static final String TEXT = "ok";

    private static final int GREY = 8;

    /** One grey face, small enough for any limits.max-image that lets a picture through. */
    private static final Image WHOLE = Image.newBuilder()
            .setRaw(RawImage.newBuilder()
                    .setFormat(PixelFormat.PIXEL_FORMAT_GREY)
                    .setWidth(GREY)
                    .setHeight(GREY)
                    .setPixels(ByteString.copyFrom(new byte[GREY * GREY])))
            .setWhole(true)
            .build();

    private static final int SECONDS = 30;

    /** A reply that is soon over. */
    private static final Sampling SHORT =
            Sampling.newBuilder().setMaxNewTokens(4).build();

    private SelfCheck() {}

    /**
     * Asks each model that reads texts or pictures once by Analyze and once by AnalyzeStream, each language model once by
     * Generate and once by Interact, and lets each face finder search a picture, if there is a model to read faces.
     *
     * @param host that the server listens on; every address means this machine
     * @throws IOException if a model does not answer; the message says which
     */
    public static void run(String host, int port, List<ModelCard> models) throws IOException, InterruptedException {
        InetSocketAddress listening = new InetSocketAddress(host, port);
        SocketAddress address =
                listening.getAddress() != null && listening.getAddress().isAnyLocalAddress()
                        ? new InetSocketAddress(InetAddress.getLoopbackAddress(), port)
                        : listening;
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(address).usePlaintext().build();
        try {
            for (ModelCard model : models) {
                switch (model) {
                    case ClassifierCard card -> {
                        AnalyzeRequest.Builder request =
                                AnalyzeRequest.newBuilder().setModel(card.name());
                        switch (card.takes()) {
                            case ClassifierCard.Tokens _ -> request.setText(TEXT);
                            case ClassifierCard.Picture _ -> request.setImage(WHOLE);
                        }
                        read(channel, card.name(), request.build());
                    }
                    case FinderCard card -> {
                        if (models.stream().anyMatch(each -> each.kind().equals(Kinds.IMAGE.name()))) {
                            Image searched = WHOLE.toBuilder()
                                    .setWhole(false)
                                    .setFinder(card.name())
                                    .build();
                            read(
                                    channel,
                                    card.name(),
                                    AnalyzeRequest.newBuilder()
                                            .setImage(searched)
                                            .build());
                        }
                    }
                    case LanguageCard card -> {
                        generate(channel, card.name());
                        interact(channel, card.name());
                    }
                }
            }
        } finally {
            channel.shutdownNow();
            channel.awaitTermination(1, TimeUnit.SECONDS);
        }
    }

    private static void read(ManagedChannel channel, String model, AnalyzeRequest request)
            throws IOException, InterruptedException {
        try {
            EmotionServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
                    .analyze(request);
        } catch (StatusRuntimeException e) {
            throw new IOException("model " + model + " does not answer: " + e.getStatus(), e);
        }
        CompletableFuture<String> answer = new CompletableFuture<>();
        StreamObserver<AnalyzeRequest> requests = EmotionServiceGrpc.newStub(channel)
                .analyzeStream(new StreamObserver<AnalyzeStreamResponse>() {
                    @Override
                    public void onNext(AnalyzeStreamResponse response) {
                        answer.complete(response.getError().getMessage());
                    }

                    @Override
                    public void onError(Throwable thrown) {
                        answer.complete(String.valueOf(thrown.getMessage()));
                    }

                    @Override
                    public void onCompleted() {
                        answer.complete("the stream ended without an answer");
                    }
                });
        requests.onNext(request);
        requests.onCompleted();
        await(answer, "model " + model + " does not answer on a stream");
    }

    private static void generate(ManagedChannel channel, String model) throws IOException {
        GenerateRequest request = GenerateRequest.newBuilder()
                .setModel(model)
                .setConversation(Conversation.newBuilder()
                        .addMessages(
                                ChatMessage.newBuilder().setRole(Role.ROLE_USER).setText(TEXT)))
                .setSampling(SHORT)
                .build();
        boolean finished = false;
        try {
            Iterator<GenerateResponse> reply = DialogueServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
                    .generate(request);
            while (reply.hasNext()) {
                finished |= reply.next().hasFinished();
            }
        } catch (StatusRuntimeException e) {
            throw new IOException("model " + model + " writes no reply: " + e.getStatus(), e);
        }
        if (!finished) {
            throw new IOException("model " + model + " does not finish its reply");
        }
    }

    private static void interact(ManagedChannel channel, String model) throws IOException, InterruptedException {
        CompletableFuture<String> end = new CompletableFuture<>();
        StreamObserver<InteractRequest> requests = InteractionServiceGrpc.newStub(channel)
                .interact(new StreamObserver<InteractResponse>() {
                    @Override
                    public void onNext(InteractResponse response) {
                        if (response.hasReplyFinished()) {
                            end.complete("");
                        } else if (response.hasError()) {
                            end.complete(response.getError().getMessage());
                        }
                    }

                    @Override
                    public void onError(Throwable thrown) {
                        end.complete(String.valueOf(thrown.getMessage()));
                    }

                    @Override
                    public void onCompleted() {
                        end.complete("the conversation ended without a reply");
                    }
                });
        requests.onNext(InteractRequest.newBuilder()
                .setSetup(InteractSetup.newBuilder().setLanguageModel(model).setSampling(SHORT))
                .build());
        requests.onNext(InteractRequest.newBuilder()
                .setUtterance(Utterance.newBuilder().setText(TEXT))
                .build());
        requests.onCompleted();
        await(end, "model " + model + " does not answer in a conversation");
    }

    /**
     * Waits for how something went.
     *
     * @param outcome empty if well
     */
    private static void await(CompletableFuture<String> outcome, String complaint)
            throws IOException, InterruptedException {
        String failure;
        try {
            failure = outcome.get(SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException(complaint, e);
        }
        if (!failure.isEmpty()) {
            throw new IOException(complaint + ": " + failure);
        }
    }
}
