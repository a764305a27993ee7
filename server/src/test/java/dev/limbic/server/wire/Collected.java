package dev.limbic.server.wire;

import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeStreamResponse;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The client's end of a stream: keeps what arrives. Can refuse to read until told. */
final class Collected implements ClientResponseObserver<AnalyzeRequest, AnalyzeStreamResponse> {
    private final BlockingQueue<AnalyzeStreamResponse> responses = new LinkedBlockingQueue<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final boolean reads;
    private @Nullable ClientCallStreamObserver<AnalyzeRequest> call;
    private volatile Status status = Status.UNKNOWN;

    Collected(boolean reads) {
        this.reads = reads;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<AnalyzeRequest> requestStream) {
        call = requestStream;
        if (!reads) {
            requestStream.disableAutoRequestWithInitial(0);
        }
    }

    /** Asks for this many responses. */
    void read(int count) {
        java.util.Objects.requireNonNull(call).request(count);
    }

    @Override
    public void onNext(AnalyzeStreamResponse response) {
        responses.add(response);
    }

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

    AnalyzeStreamResponse next() throws InterruptedException {
        AnalyzeStreamResponse response = responses.poll(20, TimeUnit.SECONDS);
        if (response == null) {
            throw new AssertionError("no response in 20 s; the stream's status is " + status);
        }
        return response;
    }

    int waiting() {
        return responses.size();
    }

    Status awaitEnd() throws InterruptedException {
        if (!ended.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("the stream did not end in 20 s");
        }
        return status;
    }
}
