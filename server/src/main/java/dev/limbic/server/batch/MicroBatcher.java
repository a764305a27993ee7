package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
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
 *       in order of urgency until the budget, the row bound or the time of one of its riders is reached. Tickets are
 *       not skipped to fill gaps, so a large one is not overtaken for ever by small ones.
 *   <li>What has less patience is more urgent: patience stands for priority. Among equals it is the <em>due time</em> that
 *       counts: submission plus patience, or the deadline when that is earlier; then the order of submission. One batch in
 *       eight begins with what is due first of all, so that nothing starves.
 *   <li>Work is refused at the door when it cannot be done in time ({@link Forecast}), and dropped when a batch is
 *       assembled if it turns out so. What has expired is dropped then, too, what is cancelled at once.
 *   <li>Queues are bounded per lane; in a full one, more urgent work displaces the least urgent.
 *   <li>A failing batch fails its own tickets only.
 *   <li>A {@link Stepper} that has work and a lane that has work take turns: neither waits for more than one turn of the
 *       other.
 * </ul>
 *
 * <p>All methods may be called from any thread except the owner.
 */
public final class MicroBatcher implements AutoCloseable {
    private static final Duration RETRY_WHEN_STOPPING = Duration.ofSeconds(1);

    private final Executor completions;
    private final BatchObserver observer;
    private final Runnable onStop;
    private final LongSupplier clock;
    private final Thread owner;
    private final Doorbell doorbell;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition quiet = lock.newCondition();
    private final Steppers steppers = new Steppers();
    private final Turns turns;
    private boolean running;
    private boolean hurrying;
    private boolean refusing;
    private boolean stopping;
    private @Nullable LimbicException suspended;
    private @Nullable BooleanSupplier repair;

    /**
     * Starts the owner thread.
     *
     * @param device name of the device, such as {@code cpu}
     * @param completions runs the completions of batches of several rows; must not run them on the calling thread
     * @param onStop runs on the owner thread after the last batch, to give the device back
     */
    public MicroBatcher(String device, Executor completions, BatchObserver observer, Runnable onStop) {
        this(device, completions, observer, onStop, System::nanoTime);
    }

    MicroBatcher(String device, Executor completions, BatchObserver observer, Runnable onStop, LongSupplier clock) {
        this.completions = completions;
        this.observer = observer;
        this.onStop = onStop;
        this.clock = clock;
        this.turns = new Turns(steppers);
        this.owner =
                Thread.ofPlatform().name("limbic-device-" + device).daemon(true).unstarted(this::loop);
        this.doorbell = new Doorbell(owner);
        owner.start();
    }

    /**
     * Adds a lane.
     *
     * @param pace what is known of its batches; belongs to the batcher from now on
     */
    public <P, R> Lane<P, R> lane(String name, Work<P, R> work, BatchPolicy policy, Pace pace) {
        Lane<P, R> lane = new Lane<>(this, name, work, policy, pace, clock.getAsLong());
        locked(() -> turns.lanes().add(lane));
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
        T submitted = locked(() -> {
            requireAccepting();
            T result = submission.get();
            doorbell.ring();
            return result;
        });
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

    /** Rows that wait in all turns.lanes(). */
    public int depth() {
        return locked(turns.lanes()::waitingRows);
    }

    /** Whether nothing waits and nothing runs. */
    boolean isIdle() {
        return locked(this::isQuiet);
    }

    /** Lets no batch wait to fill from now on. */
    public void hurry() {
        locked(() -> {
            hurrying = true;
            doorbell.ring();
        });
        doorbell.wake();
    }

    /**
     * For {@link Work} whose device is lost: what waits, and what comes until the device is repaired, is answered with
     * {@code why}.
     *
     * @param repair runs on the owner thread after the present batch; if it says no, it is the end of all work
     */
    public void suspend(LimbicException why, BooleanSupplier repair) {
        List<Ticket<?, ?>> abandoned = locked(() -> {
            suspended = why;
            this.repair = repair;
            return turns.lanes().takeAll();
        });
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
            locked(() -> suspended = null);
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
        List<Ticket<?, ?>> abandoned = locked(() -> {
            refusing = true;
            stopping = true;
            doorbell.ring();
            return turns.lanes().takeAll();
        });
        doorbell.wake();
        fail(abandoned, stoppingFailure());
    }

    <P, R> Ticket<P, R> submit(
            Lane<P, R> lane, P payload, int cost, long patienceNanos, long timeoutNanos, Completion<R> completion) {
        requireTime(lane, timeoutNanos);
        Ticket<P, R> ticket;
        List<Refusal> displaced;
        lock.lock();
        try {
            requireAccepting();
            long now = clock.getAsLong();
            Claim claim = turns.requireRoom(lane, cost, patienceNanos, timeoutNanos, now);
            ticket = new Ticket<>(lane, claim, turns.forecast().mustLearn(lane, now), payload, completion);
            displaced = turns.add(ticket, now);
            doorbell.ring();
        } finally {
            lock.unlock();
        }
        doorbell.wake();
        refuse(displaced);
        return ticket;
    }

    void requireRoom(Lane<?, ?> lane, int cost, long patienceNanos, long timeoutNanos) {
        requireTime(lane, timeoutNanos);
        locked(() -> {
            requireAccepting();
            turns.requireRoom(lane, cost, patienceNanos, timeoutNanos, clock.getAsLong());
        });
    }

    private void requireTime(Lane<?, ?> lane, long timeoutNanos) {
        if (timeoutNanos <= 0) {
            dropped(lane, BatchObserver.Drop.EXPIRED);
            throw Forecast.expired();
        }
    }

    <P, R> boolean withdraw(Lane<P, R> lane, Ticket<P, R> ticket) {
        boolean withdrawn = locked(() -> {
            boolean waited = lane.backlog().remove(ticket);
            signalIfQuiet();
            return waited;
        });
        if (withdrawn) {
            observer.dropped(lane.name(), BatchObserver.Drop.CANCELLED);
        }
        return withdrawn;
    }

    void dropped(Lane<?, ?> lane, BatchObserver.Drop reason) {
        observer.dropped(lane.name(), reason);
    }

    int depth(Lane<?, ?> lane) {
        return locked(lane.backlog()::rows);
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
        long computeNanos = batch.run(clock, completions, observer, this::answered);
        locked(() -> batch.lane().ran(batch.cost(), computeNanos, clock.getAsLong()));
    }

    private void answered(long nanos) {
        locked(() -> turns.forecast().answered(nanos));
    }

    /** Waits for the device's next turn, a batch or a step; null when the batcher has stopped. */
    private @Nullable Runnable next() {
        while (true) {
            long seen = doorbell.rings();
            Turns.Turn turn;
            lock.lock();
            try {
                turn = turns.next(clock.getAsLong(), hurrying, !stopping);
                running = !turn.isNone();
                signalIfQuiet();
                if (turn.isNone() && stopping) {
                    return null;
                }
            } finally {
                lock.unlock();
            }
            refuse(turn.refusals());
            Batch<?, ?> batch = turn.batch();
            if (batch != null) {
                return () -> run(batch);
            }
            if (turn.step()) {
                return steppers::step;
            }
            doorbell.await(seen, turn.waitNanos());
        }
    }

    private boolean isQuiet() {
        return turns.lanes().waitingRows() == 0 && !running && !steppers.haveWork();
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

    private void refuse(List<Refusal> refusals) {
        if (!refusals.isEmpty()) {
            refusals.forEach(each -> observer.dropped(each.ticket().laneName(), each.reason()));
            completions.execute(
                    () -> refusals.forEach(each -> each.ticket().completion().failed(each.why())));
        }
    }

    private <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    private void locked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    private static LimbicException.Unavailable stoppingFailure() {
        return new LimbicException.Unavailable("the server is stopping", RETRY_WHEN_STOPPING);
    }
}
