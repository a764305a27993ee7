package dev.limbic.server.wire;

import dev.limbic.model.ModelCard;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.EmotionServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Sends each model a request over the wire, to see that a server works from end to end. */
public final class SelfCheck {
    /** Short enough for any limits.max-text that lets anything through. */
    private static final String TEXT = "ok";

    private static final int SECONDS = 30;

    private SelfCheck() {}

    /**
     * Asks each model once by Analyze and once by AnalyzeStream.
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
                AnalyzeRequest request = AnalyzeRequest.newBuilder()
                        .setModel(model.name())
                        .setText(TEXT)
                        .build();
                unary(channel, request);
                stream(channel, request);
            }
        } finally {
            channel.shutdownNow();
            channel.awaitTermination(1, TimeUnit.SECONDS);
        }
    }

    private static void unary(ManagedChannel channel, AnalyzeRequest request) throws IOException {
        try {
            EmotionServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
                    .analyze(request);
        } catch (StatusRuntimeException e) {
            throw new IOException("model " + request.getModel() + " does not answer: " + e.getStatus(), e);
        }
    }

    private static void stream(ManagedChannel channel, AnalyzeRequest request)
            throws IOException, InterruptedException {
        CountDownLatch answered = new CountDownLatch(1);
        StreamObserver<AnalyzeRequest> requests = EmotionServiceGrpc.newStub(channel)
                .analyzeStream(new StreamObserver<AnalyzeStreamResponse>() {
                    @Override
                    public void onNext(AnalyzeStreamResponse response) {
                        if (response.hasAnalysis()) {
                            answered.countDown();
                        }
                    }

                    @Override
                    public void onError(Throwable thrown) {}

                    @Override
                    public void onCompleted() {}
                });
        requests.onNext(request);
        requests.onCompleted();
        if (!answered.await(SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("model " + request.getModel() + " does not answer on a stream");
        }
    }
}
