package dev.limbic.server.stream;

import dev.limbic.domain.Face;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.StreamSlots;
import dev.limbic.domain.StreamState;
import dev.limbic.server.pipeline.FaceReader;
import dev.limbic.server.pipeline.FaceReading;
import dev.limbic.server.pipeline.FaceReading.ReadFace;
import dev.limbic.server.pipeline.FaceRequest;
import dev.limbic.server.pipeline.Pending;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The frames of one stream. Of each subject one frame is looked at at a time, and the latest that comes meanwhile waits; the
 * others are dropped and counted. While the audience does not listen none is begun: then it is frames that give way to
 * newer ones, and not answers. Thread-safe; events are told one at a time, those of a subject in the order of its frames.
 */
public final class Frames {
    /** Who hears what happens. Called under the frames' lock: must be quick, must not block, may not speak back. */
    public interface Audience {
        /** The next event. */
        void event(FrameEvent event);

        /** No event of the frame will follow: it was dropped, or its event was told. */
        void done(StreamFrame frame);

        /** Whether an answer would leave at once; if not, {@link Frames#proceed} is called once it would. */
        boolean listens();
    }

    /** Most faces of a stream that a model remembers on its device, where all streams share its places. */
    private static final int MOST_PLACES = 64;

    private final FaceReader reader;
    private final FrameRules rules;
    private final FrameSettings settings;
    private final Optional<StreamSlots> slots;
    private final FrameObserver observer;
    private final LongSupplier nanos;
    private final Audience audience;

    private final ReentrantLock lock;
    private final Subjects<Look> subjects;
    private int places;
    private boolean closed;

    /**
     * No frames yet.
     *
     * @param nanos the time, as {@link System#nanoTime}
     * @param lock under which events are told; what else is told under it does not happen at the same time
     * @throws LimbicException.NotFound if the settings name a model that is not served
     */
    Frames(
            FaceReader reader,
            FrameRules rules,
            FrameSettings settings,
            FrameObserver observer,
            LongSupplier nanos,
            ReentrantLock lock,
            Audience audience) {
        reader.requireServed(settings.model(), settings.finder());
        this.reader = reader;
        this.rules = rules;
        this.settings = settings;
        this.slots = reader.slots(settings.model());
        this.observer = observer;
        this.nanos = nanos;
        this.lock = lock;
        this.audience = audience;
        this.subjects =
                new Subjects<>(rules, name -> new Subject<>(name, settings, rules, this::remember, this::forget));
    }

    /**
     * A frame has come.
     *
     * @throws LimbicException.Overloaded if it is of one subject more than there may be; nothing is told of it then
     */
    public void see(StreamFrame frame) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            long now = nanos.getAsLong();
            Subject<Look> subject = subjects.heard(frame.cause().subject(), now);
            observer.came();
            if (!subject.gate().admits(now)) {
                subject.latest().drop();
                drop(frame, FrameObserver.Drop.EARLY);
                return;
            }
            Look overtaken = subject.latest().offer(new Look(subject, frame, now));
            if (overtaken != null) {
                drop(overtaken.frame, FrameObserver.Drop.OVERTAKEN);
            }
            advance(subject);
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock. */
    private FaceMemory remember() {
        OneEuroFilter filter = new OneEuroFilter(rules.smoothing());
        if (slots.isEmpty()) {
            return new FaceMemory(filter, null);
        }
        if (places >= MOST_PLACES) {
            throw new LimbicException.Overloaded(
                    "the stream's faces take %d places of the model, the most".formatted(MOST_PLACES),
                    rules.forgetAfter());
        }
        FaceMemory memory = new FaceMemory(filter, slots.get().open());
        places++;
        return memory;
    }

    /** Under the lock. */
    private void forget(FaceMemory memory) {
        if (memory.state() != null) {
            memory.state().close();
            places--;
        }
    }

    private void drop(StreamFrame frame, FrameObserver.Drop reason) {
        observer.dropped(reason);
        audience.done(frame);
    }

    /** Forgets subjects that were silent for long enough. */
    public void forgetSilent() {
        lock.lock();
        try {
            if (!closed) {
                subjects.forgetSilent(nanos.getAsLong());
            }
        } finally {
            lock.unlock();
        }
    }

    /** Goes on when the audience listens again. */
    public void proceed() {
        lock.lock();
        try {
            subjects.all().forEach(this::advance);
        } finally {
            lock.unlock();
        }
    }

    /** Whether everything that came is answered or dropped. */
    public boolean idle() {
        lock.lock();
        try {
            return subjects.all().stream().allMatch(subject -> subject.latest().idle());
        } finally {
            lock.unlock();
        }
    }

    /** Ends everything; no event will follow. */
    public void close() {
        List<Pending> abandoned = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            for (Subject<Look> subject : subjects.all()) {
                Look look = subject.latest().current();
                if (look != null && look.work != null) {
                    abandoned.add(look.work);
                }
                subject.forget();
            }
        } finally {
            lock.unlock();
        }
        abandoned.forEach(Pending::cancel);
    }

    /** Under the lock: begins what waits, if it can. */
    private void advance(Subject<Look> subject) {
        if (!closed && audience.listens()) {
            Look next = subject.latest().begin();
            if (next != null) {
                next.start();
            }
        }
    }

    /** A frame on its way; fields are guarded by the frames' lock. */
    private final class Look implements FaceReading.Receiver {
        private final Subject<Look> subject;
        private final StreamFrame frame;
        private final long arrivedNanos;
        private @Nullable Pending work;
        private Subject.@Nullable Who who;

        Look(Subject<Look> subject, StreamFrame frame, long arrivedNanos) {
            this.subject = subject;
            this.frame = frame;
            this.arrivedNanos = arrivedNanos;
        }

        /** Under the lock. */
        void start() {
            try {
                work = reader.read(picture(), this);
            } catch (LimbicException e) {
                failed(e);
            } catch (RuntimeException e) {
                failed(new LimbicException.Internal("the frame could not be read", e));
            }
        }

        private FaceRequest picture() {
            FaceRequest asked = frame.picture();
            long timeout = asked.timeoutNanos();
            return new FaceRequest(
                    asked.model(),
                    asked.finder().isEmpty() ? settings.finder() : asked.finder(),
                    asked.image(),
                    asked.boxes(),
                    asked.priority(),
                    timeout == Long.MAX_VALUE ? timeout : timeout - age(),
                    this::states);
        }

        /** What the model remembers of the faces of this frame, once it is known where they are. */
        private List<@Nullable StreamState> states(List<Face> faces) {
            lock.lock();
            try {
                if (closed) {
                    throw new LimbicException.Expired("the stream has ended");
                }
                List<@Nullable StreamState> states = new ArrayList<>();
                identify(faces)
                        .tracks()
                        .forEach(track -> states.add(track.state().state()));
                return states;
            } finally {
                lock.unlock();
            }
        }

        private Subject.Who identify(List<Face> faces) {
            who = subject.identify(faces, frame.cause().clientMicros(), arrivedNanos);
            return who;
        }

        private long age() {
            return nanos.getAsLong() - arrivedNanos;
        }

        @Override
        public void read(FaceReading reading) {
            lock.lock();
            try {
                if (closed) {
                    return;
                }
                Subject.Who known = who != null
                        ? who
                        : identify(reading.faces().stream().map(ReadFace::face).toList());
                Subject.Told told = subject.tell(reading, known, reader);
                int dropped = subject.latest().takeDropped();
                end(new FrameEvent.Seen(frame.cause(), told.reading(), told.subjects(), dropped, age()));
            } catch (LimbicException e) {
                failed(e);
            } catch (RuntimeException e) {
                failed(new LimbicException.Internal("what the frame shows could not be told", e));
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void failed(LimbicException failure) {
            lock.lock();
            try {
                if (!closed) {
                    end(new FrameEvent.Failed(frame.cause(), failure, age()));
                }
            } finally {
                lock.unlock();
            }
        }

        private void end(FrameEvent event) {
            subject.latest().end();
            audience.event(event);
            audience.done(frame);
            advance(subject);
        }
    }
}
