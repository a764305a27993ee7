package dev.limbic.server.wire;

import dev.limbic.v1.AnalyzeResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The client's end of a unary call of which only the status matters. */
final class Ignored implements StreamObserver<AnalyzeResponse> {
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable Throwable thrown;

    @Override
    public void onNext(AnalyzeResponse response) {}

    @Override
    public void onError(Throwable error) {
        thrown = error;
        ended.countDown();
    }

    @Override
    public void onCompleted() {
        ended.countDown();
    }

    boolean hasEnded() {
        return ended.getCount() == 0;
    }

    Status awaitEnd() throws InterruptedException {
        if (!ended.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("the call did not end in 20 s");
        }
        Throwable error = thrown;
        return error == null ? Status.OK : Status.fromThrowable(error);
    }

    StatusRuntimeException failure() throws InterruptedException {
        awaitEnd();
        return (StatusRuntimeException) java.util.Objects.requireNonNull(thrown);
    }
}
