package dev.limbic.server.runtime;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client's end of one call: keeps what arrives, and reads fast or slowly. */
final class StormCall<Q, R> implements ClientResponseObserver<Q, R> {
    /** Far above what any call takes that ends at all. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final boolean slow;
    private final List<R> events = new CopyOnWriteArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable ClientCallStreamObserver<Q> call;
    private volatile Status status = Status.UNKNOWN;

    StormCall(boolean slow) {
        this.slow = slow;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<Q> started) {
        call = started;
        if (slow) {
            started.disableAutoRequestWithInitial(0);
        }
    }

    @Override
    public void onNext(R event) {
        events.add(event);
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

    /** Takes the call back. */
    void cancel() {
        Objects.requireNonNull(call).cancel("taken back", null);
    }

    /** Everything that arrived. */
    List<R> events() {
        return events;
    }

    /** Waits for so many events, but not long: it may be that no more will come. */
    void awaitEvents(int count) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        for (int i = 0; i < 50 && events.size() < count && !endedMeanwhile(end); i++) {
            // The next look is a millisecond later.
        }
    }

    /** Reads to the end. */
    Status awaitEnd() throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!endedMeanwhile(end)) {
            // The next look is a millisecond later.
        }
        return status;
    }

    private boolean endedMeanwhile(long end) throws InterruptedException {
        if (System.nanoTime() > end) {
            throw new AssertionError("the call has not ended; its latest events are "
                    + events.subList(Math.max(0, events.size() - 5), events.size()));
        }
        if (slow) {
            Objects.requireNonNull(call).request(1);
        }
        return ended.await(1, TimeUnit.MILLISECONDS);
    }
}
