package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Feeds one device. A single thread, {@code limbic-device-NAME}, owns the device and is the only caller of any
 * {@link Work}; everything else hands work in through a {@link Lane} and hears back through a {@link Completion}.
 *
 * <ul>
 *   <li>An idle device starts at once. While it is busy, work gathers and leaves in the next batch. A delay is added
 *       only when {@link BatchPolicy#maxDelay} says so.
 *   <li>The next batch comes from the lane that holds the most urgent ticket of all lanes and takes that lane's tickets
 *       in order of urgency until the token budget or the row bound is reached. Tickets are not skipped to fill gaps, so
 *       a large one is not overtaken for ever by small ones.
 *   <li>Urgency is the <em>due time</em>: the instant of submission plus the patience of the work, or its deadline when
 *       that is earlier; then the order of submission. Due times are fixed at submission and time moves on, so everything
 *       becomes the most urgent at last: nothing starves, and nothing lets more than its patience overtake.
 *   <li>Queues are bounded per lane. Expired tickets are dropped when a batch is assembled, cancelled ones at once.
 *   <li>A failing batch fails its own tickets only.
 *   <li>A {@link Stepper} that has work and a lane that has work take turns: neither waits for more than one turn of the
 *       other.
 * </ul>
 *
 * <p>All methods may be called from any thread except the owner.
 */
public final class MicroBatcher implements AutoCloseable {
    private static final Duration RETRY_WHEN_STOPPING = Duration.ofSeconds(1);
    private static final long LONGEST_RETRY_NANOS = Duration.ofSeconds(30).toNanos();

    private final BatchPolicy policy;
    private final Executor completions;
    private final BatchObserver observer;
    private final Runnable onStop;
    private final LongSupplier clock;
    private final Thread owner;
    private final Doorbell doorbell;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition quiet = lock.newCondition();
    private final Lanes lanes = new Lanes();
    private final Steppers steppers = new Steppers();
    private boolean running;
    private boolean batchWasLast;
    private boolean hurrying;
    private boolean refusing;
    private boolean stopping;
    private @Nullable LimbicException suspended;
    private @Nullable BooleanSupplier repair;

    private volatile long nanosPerRow = 1_000_000;

    /**
     * Starts the owner thread.
     *
     * @param device name of the device, such as {@code cpu}
     * @param completions runs the completions of batches of several rows; must not run them on the calling thread
     * @param onStop runs on the owner thread after the last batch, to give the device back
     */
    public MicroBatcher(
            String device, BatchPolicy policy, Executor completions, BatchObserver observer, Runnable onStop) {
        this(device, policy, completions, observer, onStop, System::nanoTime);
    }

    MicroBatcher(
            String device,
            BatchPolicy policy,
            Executor completions,
            BatchObserver observer,
            Runnable onStop,
            LongSupplier clock) {
        this.policy = policy;
        this.completions = completions;
        this.observer = observer;
        this.onStop = onStop;
        this.clock = clock;
        this.owner =
                Thread.ofPlatform().name("limbic-device-" + device).daemon(true).unstarted(this::loop);
        this.doorbell = new Doorbell(owner);
        owner.start();
    }

    /** Adds a lane. */
    public <P, R> Lane<P, R> lane(String name, Work<P, R> work) {
        Lane<P, R> lane = new Lane<>(this, name, work);
        lock.lock();
        try {
            lanes.add(lane);
        } finally {
            lock.unlock();
        }
        return lane;
    }

    /** Adds work of many steps. */
    public void add(Stepper stepper) {
        steppers.add(stepper);
    }

    /**
     * Runs a submission to a {@link Stepper} and wakes the device.
     *
     * @throws LimbicException.Unavailable if the batcher is stopping
     */
    public <T> T announce(Supplier<T> submission) {
        T submitted;
        lock.lock();
        try {
            requireAccepting();
            submitted = submission.get();
            doorbell.ring();
        } finally {
            lock.unlock();
        }
        doorbell.wake();
        return submitted;
    }

    /** Under the lock. */
    private void requireAccepting() {
        if (refusing) {
            throw stoppingFailure();
        }
        if (suspended != null) {
            throw suspended;
        }
    }

    /** Rows that wait in all lanes. */
    public int depth() {
        lock.lock();
        try {
            return lanes.waitingRows();
        } finally {
            lock.unlock();
        }
    }

    /** Lets no batch wait to fill from now on. */
    public void hurry() {
        lock.lock();
        try {
            hurrying = true;
            doorbell.ring();
        } finally {
            lock.unlock();
        }
        doorbell.wake();
    }

    /**
     * For {@link Work} whose device is lost: what waits, and what comes until the device is repaired, is answered with
     * {@code why}.
     *
     * @param repair runs on the owner thread after the present batch; if it says no, it is the end of all work
     */
    public void suspend(LimbicException why, BooleanSupplier repair) {
        List<Ticket<?, ?>> abandoned;
        lock.lock();
        try {
            suspended = why;
            this.repair = repair;
            abandoned = lanes.takeAll();
        } finally {
            lock.unlock();
        }
        fail(abandoned, why);
    }

    /** On the owner thread. */
    private void repairIfSuspended() {
        BooleanSupplier repairing = repair;
        repair = null;
        LimbicException why = suspended;
        if (why != null) {
            steppers.failAll(why);
        }
        if (repairing != null && repairing.getAsBoolean()) {
            lock.lock();
            try {
                suspended = null;
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Refuses new work, lets accepted work finish within the grace, and stops.
     *
     * @return whether everything finished in time; what did not was answered {@link LimbicException.Unavailable}
     */
    public boolean drain(Duration grace) throws InterruptedException {
        boolean finished;
        lock.lock();
        try {
            hurrying = true;
            refusing = true;
            long left = grace.toNanos();
            while (!isQuiet() && left > 0) {
                left = quiet.awaitNanos(left);
            }
            finished = isQuiet();
        } finally {
            lock.unlock();
        }
        stop();
        if (finished) {
            owner.join();
        }
        return finished;
    }

    /** Stops after the running batch, if any; what still waits is answered {@link LimbicException.Unavailable}. */
    @Override
    public void close() {
        stop();
        boolean interrupted = false;
        while (owner.isAlive()) {
            try {
                owner.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void stop() {
        List<Ticket<?, ?>> abandoned;
        lock.lock();
        try {
            refusing = true;
            stopping = true;
            abandoned = lanes.takeAll();
            doorbell.ring();
        } finally {
            lock.unlock();
        }
        doorbell.wake();
        fail(abandoned, stoppingFailure());
    }

    <P, R> Ticket<P, R> submit(
            Lane<P, R> lane, P payload, int tokens, long patienceNanos, long timeoutNanos, Completion<R> completion) {
        if (timeoutNanos <= 0) {
            observer.dropped(lane.name(), BatchObserver.Drop.EXPIRED);
            throw expired();
        }
        Ticket<P, R> ticket;
        lock.lock();
        try {
            requireAccepting();
            if (lane.waiting().size() >= policy.queueRows()) {
                throw new LimbicException.Overloaded(
                        "the queue of model %s is full: %d requests wait".formatted(lane.name(), policy.queueRows()),
                        estimatedWait());
            }
            ticket = lanes.add(lane, payload, tokens, patienceNanos, timeoutNanos, completion, clock.getAsLong());
            doorbell.ring();
        } finally {
            lock.unlock();
        }
        doorbell.wake();
        return ticket;
    }

    <P, R> boolean withdraw(Lane<P, R> lane, Ticket<P, R> ticket) {
        boolean withdrawn;
        lock.lock();
        try {
            withdrawn = lanes.remove(lane, ticket);
            if (withdrawn) {
                signalIfQuiet();
            }
        } finally {
            lock.unlock();
        }
        if (withdrawn) {
            observer.dropped(lane.name(), BatchObserver.Drop.CANCELLED);
        }
        return withdrawn;
    }

    void dropped(Lane<?, ?> lane, BatchObserver.Drop reason) {
        observer.dropped(lane.name(), reason);
    }

    int depth(Lane<?, ?> lane) {
        lock.lock();
        try {
            return lane.waiting().size();
        } finally {
            lock.unlock();
        }
    }

    private void loop() {
        try {
            for (Runnable turn = next(); turn != null; turn = next()) {
                turn.run();
                repairIfSuspended();
            }
        } finally {
            stop(); // should an error end the loop, nobody must wait for it
            steppers.failAll(stoppingFailure());
            onStop.run();
        }
    }

    private void run(Batch<?, ?> batch) {
        long computeNanos = batch.run(clock, completions, observer);
        nanosPerRow = (7 * nanosPerRow + computeNanos / batch.tickets().size()) / 8;
    }

    /** Waits for the device's next turn, a batch or a step; null when the batcher has stopped. */
    private @Nullable Runnable next() {
        while (true) {
            long seen = doorbell.rings();
            long waitNanos = Long.MAX_VALUE;
            List<Ticket<?, ?>> expired = new ArrayList<>();
            Runnable turn = null;
            lock.lock();
            try {
                running = false;
                long now = clock.getAsLong();
                Lane<?, ?> lane = lanes.dropExpiredAndPick(now, expired);
                boolean steps = !stopping && steppers.haveWork();
                if (lane != null && !(steps && batchWasLast)) {
                    waitNanos = lane.delayLeft(policy, now);
                    if (waitNanos <= 0 || hurrying) {
                        Batch<?, ?> batch = lanes.takeBatch(lane, policy, now);
                        turn = () -> run(batch);
                    }
                }
                batchWasLast = turn != null;
                if (turn == null && steps) {
                    turn = steppers::step;
                }
                running = turn != null;
                signalIfQuiet();
                if (turn == null && stopping) {
                    return null;
                }
            } finally {
                lock.unlock();
            }
            for (Ticket<?, ?> ticket : expired) {
                observer.dropped(ticket.laneName(), BatchObserver.Drop.EXPIRED);
            }
            fail(expired, expired());
            if (turn != null) {
                return turn;
            }
            doorbell.await(seen, waitNanos);
        }
    }

    private boolean isQuiet() {
        return lanes.waitingRows() == 0 && !running && !steppers.haveWork();
    }

    private void signalIfQuiet() {
        if (isQuiet()) {
            quiet.signalAll();
        }
    }

    private void fail(List<? extends Ticket<?, ?>> tickets, LimbicException failure) {
        if (!tickets.isEmpty()) {
            completions.execute(
                    () -> tickets.forEach(ticket -> ticket.completion().failed(failure)));
        }
    }

    private Duration estimatedWait() {
        long estimate = (lanes.waitingRows() + 1) * nanosPerRow;
        return Duration.ofNanos(Math.clamp(estimate, 1_000_000, LONGEST_RETRY_NANOS));
    }

    private static LimbicException.Expired expired() {
        return new LimbicException.Expired("the deadline passed before the device was free");
    }

    private static LimbicException.Unavailable stoppingFailure() {
        return new LimbicException.Unavailable("the server is stopping", RETRY_WHEN_STOPPING);
    }
}
