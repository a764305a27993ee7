package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Keeps the outcome of one piece of work. */
final class Recorder implements Completion<String> {
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable String result;
    private volatile @Nullable Ride ride;
    private volatile @Nullable LimbicException failure;
    private volatile String thread = "";

    @Override
    public void done(String value, Ride how) {
        thread = Thread.currentThread().getName();
        result = value;
        ride = how;
        ended.countDown();
    }

    @Override
    public void failed(LimbicException why) {
        failure = why;
        ended.countDown();
    }

    boolean hasEnded() {
        return ended.getCount() == 0;
    }

    private void await() throws InterruptedException {
        if (!ended.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("no outcome in 20 s");
        }
    }

    String result() throws InterruptedException {
        await();
        return Objects.requireNonNull(result, () -> "failed: " + failure);
    }

    Ride ride() throws InterruptedException {
        await();
        return Objects.requireNonNull(ride);
    }

    LimbicException failure() throws InterruptedException {
        await();
        return Objects.requireNonNull(failure, "did not fail");
    }

    String thread() throws InterruptedException {
        await();
        return thread;
    }
}
