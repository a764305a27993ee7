package dev.limbic.server.pipeline;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.Completion;
import dev.limbic.server.batch.Ride;
import dev.limbic.server.batch.Ticket;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One text on its way: encoded, queued, computed, interpreted. The most urgent is the least. Cancelling is possible at
 * any time; what happens after it is thrown away.
 */
final class TextJob implements TextPipeline.Pending, Completion<float[]>, WorkerTask {
    private final Models.Served served;
    private final TextRequest request;
    private final Way way;
    private final TextPipeline.Receiver receiver;
    private final long arrivedNanos = System.nanoTime();
    private long encodingNanos;
    private long encodedNanos;
    private @Nullable Encoding encoding;

    private @Nullable Ticket<Encoding, float[]> ticket;
    private boolean cancelled;
    private boolean failed;

    TextJob(Models.Served served, TextRequest request, Way way, TextPipeline.Receiver receiver) {
        this.served = served;
        this.request = request;
        this.way = way;
        this.receiver = receiver;
    }

    /**
     * Encodes and queues the text on the calling thread.
     *
     * @throws LimbicException if it cannot be accepted
     */
    void start() {
        if (isCancelled()) {
            return;
        }
        encodingNanos = System.nanoTime();
        if (timeLeft(encodingNanos) <= 0) {
            served.lane().dropped(BatchObserver.Drop.EXPIRED);
            throw new LimbicException.Expired("the deadline passed before the text was read");
        }
        requireRoom();
        Encoding read = read();
        served.density().observed(request.text(), read);
        encodedNanos = System.nanoTime();
        synchronized (this) {
            if (!cancelled) {
                encoding = read;
                long patience = request.priority().patience().toNanos();
                ticket = served.lane().submit(read, read.tokens(), patience, timeToAnswer(encodedNanos), this);
            }
        }
    }

    /**
     * Asks whether a text of about this cost would be accepted, which is cheaper than to find out its cost.
     *
     * @throws LimbicException if it would not
     */
    void requireRoom() {
        int tokens = served.density().expected(request.text());
        long patience = request.priority().patience().toNanos();
        served.lane().requireRoom(tokens, patience, timeToAnswer(System.nanoTime()));
    }

    /**
     * Time that is left until the answer must be handed to the network.
     *
     * @throws LimbicException.Overloaded if the way alone takes longer
     */
    private long timeToAnswer(long now) {
        long left = timeLeft(now);
        long lost = way.bothNanos();
        if (left == Long.MAX_VALUE || left <= 0) {
            return left;
        }
        if (left <= lost) {
            throw new LimbicException.Overloaded(
                    "the network's threads are too busy to answer in time", Duration.ofNanos(lost));
        }
        return left - lost;
    }

    private long timeLeft(long now) {
        long timeout = request.timeoutNanos();
        return timeout == Long.MAX_VALUE ? timeout : timeout - (now - arrivedNanos);
    }

    private Encoding read() {
        Encoding read;
        try {
            read = served.model().encode(request.text());
        } catch (RuntimeException e) {
            throw asLimbic(e, "the text could not be encoded");
        }
        if (read.tokens() == 0) {
            throw new LimbicException.Invalid("text has no tokens");
        }
        return read;
    }

    /** {@link #start} on a worker. */
    @Override
    public void run() {
        try {
            start();
        } catch (Throwable e) {
            synchronized (this) {
                failed = true;
                if (cancelled) {
                    return;
                }
            }
            receiver.failed(asLimbic(e, "the request could not be started"));
        }
    }

    private synchronized boolean isCancelled() {
        return cancelled;
    }

    @Override
    public boolean cancel() {
        synchronized (this) {
            if (ticket != null) {
                return ticket.cancel();
            }
            if (failed || cancelled) {
                return false;
            }
            cancelled = true;
        }
        served.lane().dropped(BatchObserver.Drop.CANCELLED);
        return true;
    }

    @Override
    public void done(float[] logits, Ride ride) {
        Emotions emotions;
        try {
            emotions = served.model().interpret(logits);
        } catch (RuntimeException e) {
            failed(asLimbic(e, "logits could not be interpreted"));
            return;
        }
        Encoding read = java.util.Objects.requireNonNull(encoding);
        TextAnswer.Timing timing = new TextAnswer.Timing(
                ride.rows(),
                ride.tokens(),
                encodedNanos - encodingNanos,
                encodingNanos - arrivedNanos + ride.queueNanos(),
                ride.computeNanos(),
                System.nanoTime() - arrivedNanos);
        receiver.answered(new TextAnswer(served.name(), emotions, read.truncated(), read.tokens(), timing));
    }

    @Override
    public void failed(LimbicException failure) {
        receiver.failed(failure);
    }

    private static LimbicException asLimbic(Throwable e, String what) {
        return e instanceof LimbicException known ? known : new LimbicException.Internal(what, e);
    }

    @Override
    public long dueNanos() {
        long patience = request.priority().patience().toNanos();
        return arrivedNanos + Math.min(patience, request.timeoutNanos());
    }
}
