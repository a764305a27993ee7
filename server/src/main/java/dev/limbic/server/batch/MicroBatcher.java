package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
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
 * </ul>
 *
 * <p>All methods may be called from any thread except the owner.
 */
public final class MicroBatcher implements AutoCloseable {
    /** How long the owner looks for work before it parks; parking and waking costs several times as much. */
    private static final long SPIN_NANOS = Runtime.getRuntime().availableProcessors() > 2 ? 20_000 : 0;

    private static final Duration RETRY_WHEN_STOPPING = Duration.ofSeconds(1);
    private static final long LONGEST_RETRY_NANOS = Duration.ofSeconds(30).toNanos();

    private final String device;
    private final BatchPolicy policy;
    private final Executor completions;
    private final BatchObserver observer;
    private final Runnable onStop;
    private final LongSupplier clock;
    private final Thread owner;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition quiet = lock.newCondition();
    private final List<Lane<?, ?>> lanes = new ArrayList<>();
    private long nextSequence;
    private int waitingRows;
    private boolean running;
    private boolean refusing;
    private boolean stopping;

    /** Changes with every submission, so that a spinning owner sees it without the lock. */
    private volatile long submissions;

    private volatile boolean parked;
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
        this.device = device;
        this.policy = policy;
        this.completions = completions;
        this.observer = observer;
        this.onStop = onStop;
        this.clock = clock;
        this.owner =
                Thread.ofPlatform().name("limbic-device-" + device).daemon(true).unstarted(this::loop);
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

    /** Name of the device. */
    public String device() {
        return device;
    }

    /** Rows that wait in all lanes. */
    public int depth() {
        lock.lock();
        try {
            return waitingRows;
        } finally {
            lock.unlock();
        }
    }

    /** Refuses new work from now on; what was accepted still runs. */
    public void refuse() {
        lock.lock();
        try {
            refusing = true;
        } finally {
            lock.unlock();
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
            refusing = true;
            long left = grace.toNanos();
            while ((waitingRows > 0 || running) && left > 0) {
                left = quiet.awaitNanos(left);
            }
            finished = waitingRows == 0 && !running;
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
        List<Ticket<?, ?>> abandoned = new ArrayList<>();
        lock.lock();
        try {
            refusing = true;
            stopping = true;
            for (Lane<?, ?> lane : lanes) {
                abandoned.addAll(lane.waiting());
                lane.waiting().clear();
            }
            waitingRows = 0;
            submissions = ++nextSequence;
        } finally {
            lock.unlock();
        }
        LockSupport.unpark(owner);
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
            if (refusing) {
                throw stoppingFailure();
            }
            if (lane.waiting().size() >= policy.queueRows()) {
                throw new LimbicException.Overloaded(
                        "the queue of model %s is full: %d requests wait".formatted(lane.name(), policy.queueRows()),
                        estimatedWait());
            }
            long now = clock.getAsLong();
            long deadline = timeoutNanos >= Ticket.NEVER - Math.max(0, now) ? Ticket.NEVER : now + timeoutNanos;
            ticket = new Ticket<>(lane, nextSequence++, now, deadline, patienceNanos, payload, tokens, completion);
            lane.waiting().add(ticket);
            waitingRows++;
            submissions = nextSequence;
        } finally {
            lock.unlock();
        }
        if (parked) {
            LockSupport.unpark(owner);
        }
        return ticket;
    }

    <P, R> boolean withdraw(Lane<P, R> lane, Ticket<P, R> ticket) {
        boolean withdrawn;
        lock.lock();
        try {
            withdrawn = lane.waiting().remove(ticket);
            if (withdrawn) {
                waitingRows--;
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
            for (Batch<?, ?> batch = next(); batch != null; batch = next()) {
                long computeNanos = batch.run(clock, completions, observer);
                nanosPerRow = (7 * nanosPerRow + computeNanos / batch.tickets().size()) / 8;
            }
        } finally {
            onStop.run();
        }
    }

    /** Waits for the next batch; null when the batcher has stopped. */
    private @Nullable Batch<?, ?> next() {
        while (true) {
            long seen = submissions;
            long waitNanos = Long.MAX_VALUE;
            List<Ticket<?, ?>> expired = new ArrayList<>();
            Batch<?, ?> batch = null;
            lock.lock();
            try {
                running = false;
                long now = clock.getAsLong();
                Lane<?, ?> lane = dropExpiredAndPick(now, expired);
                if (lane != null) {
                    waitNanos = delayLeft(lane, now);
                    if (waitNanos <= 0 || refusing) {
                        batch = lane.takeBatch(policy, now);
                        waitingRows -= batch.tickets().size();
                        running = true;
                    }
                }
                signalIfQuiet();
                if (batch == null && stopping) {
                    return null;
                }
            } finally {
                lock.unlock();
            }
            for (Ticket<?, ?> ticket : expired) {
                observer.dropped(ticket.laneName(), BatchObserver.Drop.EXPIRED);
            }
            fail(expired, expired());
            if (batch != null) {
                return batch;
            }
            awaitSubmission(seen, waitNanos);
        }
    }

    /** Under the lock: drops what has expired and returns the lane with the most urgent ticket, if any. */
    private @Nullable Lane<?, ?> dropExpiredAndPick(long now, List<Ticket<?, ?>> expired) {
        Lane<?, ?> best = null;
        Ticket<?, ?> mostUrgent = null;
        for (Lane<?, ?> lane : lanes) {
            List<? extends Ticket<?, ?>> late = lane.takeExpired(now);
            waitingRows -= late.size();
            expired.addAll(late);
            Ticket<?, ?> first = lane.mostUrgent();
            if (first != null && (mostUrgent == null || first.compareTo(mostUrgent) < 0)) {
                mostUrgent = first;
                best = lane;
            }
        }
        return best;
    }

    /** Under the lock: how long the lane's batch may still gather. */
    private long delayLeft(Lane<?, ?> lane, long now) {
        long delay = policy.maxDelay().toNanos();
        if (delay == 0 || lane.fillsBatch(policy)) {
            return 0;
        }
        return lane.latestStartNanos(delay) - now;
    }

    private void awaitSubmission(long seen, long waitNanos) {
        if (SPIN_NANOS > 0) {
            long start = System.nanoTime();
            while (System.nanoTime() - start < SPIN_NANOS) {
                if (submissions != seen) {
                    return;
                }
                Thread.onSpinWait();
            }
        }
        parked = true;
        if (submissions == seen) {
            if (waitNanos == Long.MAX_VALUE) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, waitNanos);
            }
        }
        parked = false;
    }

    private void signalIfQuiet() {
        if (waitingRows == 0 && !running) {
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
        long estimate = (waitingRows + 1) * nanosPerRow;
        return Duration.ofNanos(Math.clamp(estimate, 1_000_000, LONGEST_RETRY_NANOS));
    }

    private static LimbicException.Expired expired() {
        return new LimbicException.Expired("the deadline passed before the device was free");
    }

    private static LimbicException.Unavailable stoppingFailure() {
        return new LimbicException.Unavailable("the server is stopping", RETRY_WHEN_STOPPING);
    }
}
