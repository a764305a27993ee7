package dev.limbic.server.pipeline;

import dev.limbic.domain.Box;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Face;
import dev.limbic.domain.Frame;
import dev.limbic.domain.FrameEmotions;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource;
import dev.limbic.domain.ImageSource.PixelFormat;
import dev.limbic.domain.ImageSource.RawImage;
import dev.limbic.domain.Input;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.StreamState;
import dev.limbic.model.Kinds;
import dev.limbic.preprocess.image.FaceCrop;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageDecoder.Transparency;
import dev.limbic.preprocess.image.codec.Pixels;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One picture on its way. Its parts are work of their own on the devices; the first of them that fails fails the picture.
 * Cancelling is possible at any time.
 */
final class FaceJob implements Pending, WorkerTask {
    /** Faces of one picture that are read; those beyond are the least certain. */
    static final int MOST_FACES = 32;

    private final Pipeline pipeline;
    private final ImageDecoder decoder;
    private final DecodedBytes decoded;
    private final FaceRequest request;
    private final boolean remembers;
    private final FaceReading.Receiver receiver;
    private final long arrivedNanos = System.nanoTime();

    private final ReentrantLock lock = new ReentrantLock();
    private final List<Pending> parts = new ArrayList<>();
    private boolean ended;
    private long held;

    /** @param remembers whether the model is one of kind video */
    FaceJob(
            Pipeline pipeline,
            ImageDecoder decoder,
            DecodedBytes decoded,
            FaceRequest request,
            boolean remembers,
            FaceReading.Receiver receiver) {
        this.pipeline = pipeline;
        this.decoder = decoder;
        this.decoded = decoded;
        this.request = request;
        this.remembers = remembers;
        this.receiver = receiver;
    }

    /** Decodes on a worker, then searches, unless the request says where to look. */
    @Override
    public void run() {
        guarded(() -> {
            timeLeft();
            Pixels picture = hold(decoder.decode(request.image().source(), Transparency.DROPPED));
            if (request.boxes().isEmpty()) {
                find(picture);
            } else {
                List<Face> told =
                        request.boxes().stream().map(box -> new Face(box, 1)).toList();
                read(picture, told, null);
            }
        });
    }

    private void find(Pixels picture) {
        Request<Image> search = part(request.finder(), new Image(source(picture)));
        add(pipeline.submitPart(Kinds.FINDER, search, new Receiver<List<Face>>() {
            @Override
            public void answered(Answer<List<Face>> answer) {
                guarded(() ->
                        read(picture, answer.value().stream().limit(MOST_FACES).toList(), answer));
            }

            @Override
            public void failed(LimbicException failure) {
                fail(failure);
            }
        }));
    }

    private void read(Pixels picture, List<Face> faces, @Nullable Answer<List<Face>> finder) {
        Reading reading = new Reading(picture, faces, finder);
        if (faces.isEmpty()) {
            reading.end();
            return;
        }
        List<@Nullable StreamState> states = remembers ? request.states().of(faces) : List.of();
        for (int i = 0; i < faces.size(); i++) {
            Box box = faces.get(i).box();
            Pixels face = box.equals(Box.WHOLE) ? picture : hold(FaceCrop.of(picture, box, 0, false));
            add(
                    remembers
                            ? pipeline.submitPart(
                                    Kinds.VIDEO,
                                    part(request.model(), new Frame(source(face), states.get(i))),
                                    reading.place(i, Function.identity()))
                            : pipeline.submitPart(
                                    Kinds.IMAGE,
                                    part(request.model(), new Image(source(face))),
                                    reading.place(i, emotions -> new FrameEmotions(emotions, false))));
        }
    }

    /** @throws LimbicException.Overloaded if all pictures hold too much */
    private Pixels hold(Pixels pixels) {
        lock.lock();
        try {
            if (!ended) {
                decoded.take(pixels.rgb().length);
                held += pixels.rgb().length;
            }
        } finally {
            lock.unlock();
        }
        return pixels;
    }

    private <I extends Input> Request<I> part(String model, I input) {
        return new Request<>(model, input, request.priority(), timeLeft());
    }

    private static ImageSource source(Pixels pixels) {
        return new RawImage(PixelFormat.RGB, pixels.width(), pixels.height(), 0, pixels.rgb());
    }

    /** The faces of the picture as their emotions come in. */
    private final class Reading {
        private final Pixels picture;
        private final List<Face> faces;
        private final @Nullable Answer<List<Face>> finder;
        private final List<FaceReading.@Nullable ReadFace> read = new ArrayList<>();
        private int missing;

        Reading(Pixels picture, List<Face> faces, @Nullable Answer<List<Face>> finder) {
            this.picture = picture;
            this.faces = faces;
            this.finder = finder;
            this.missing = faces.size();
            faces.forEach(face -> read.add(null));
        }

        /** @param meaning of what the model says */
        <A> Receiver<A> place(int i, Function<A, FrameEmotions> meaning) {
            return new Receiver<>() {
                @Override
                public void answered(Answer<A> answer) {
                    FrameEmotions said = meaning.apply(answer.value());
                    read(i, answer.saying(said.emotions()), said.stateReset());
                }

                @Override
                public void failed(LimbicException failure) {
                    fail(failure);
                }
            };
        }

        private void read(int i, Answer<Emotions> answer, boolean stateReset) {
            lock.lock();
            try {
                read.set(i, new FaceReading.ReadFace(faces.get(i), answer, stateReset));
                missing--;
                if (missing > 0) {
                    return;
                }
            } finally {
                lock.unlock();
            }
            end();
        }

        void end() {
            List<FaceReading.ReadFace> all =
                    read.stream().map(Objects::requireNonNull).toList();
            if (endOnce()) {
                receiver.read(new FaceReading(picture.width(), picture.height(), all, finder));
            }
        }
    }

    private long timeLeft() {
        long timeout = request.timeoutNanos();
        long left = timeout == Long.MAX_VALUE ? timeout : timeout - (System.nanoTime() - arrivedNanos);
        if (left <= 0) {
            throw new LimbicException.Expired("the deadline passed before the picture was read");
        }
        return left;
    }

    private void guarded(Runnable action) {
        try {
            if (!hasEnded()) {
                action.run();
            }
        } catch (LimbicException e) {
            fail(e);
        } catch (Throwable e) {
            fail(new LimbicException.Internal("the picture could not be read", e));
        }
    }

    private void fail(LimbicException failure) {
        if (endOnce()) {
            abandon();
            receiver.failed(failure);
        }
    }

    private void add(Pending part) {
        boolean tooLate;
        lock.lock();
        try {
            tooLate = ended;
            parts.add(part);
        } finally {
            lock.unlock();
        }
        if (tooLate) {
            part.cancel();
        }
    }

    private boolean hasEnded() {
        lock.lock();
        try {
            return ended;
        } finally {
            lock.unlock();
        }
    }

    /** Whether this was the end. */
    private boolean endOnce() {
        lock.lock();
        try {
            boolean first = !ended;
            ended = true;
            decoded.give(held);
            held = 0;
            return first;
        } finally {
            lock.unlock();
        }
    }

    private void abandon() {
        List<Pending> abandoned;
        lock.lock();
        try {
            abandoned = new ArrayList<>(parts);
        } finally {
            lock.unlock();
        }
        abandoned.forEach(Pending::cancel);
    }

    @Override
    public boolean cancel() {
        boolean cancelled = endOnce();
        if (cancelled) {
            abandon();
        }
        return cancelled;
    }

    @Override
    public long dueNanos() {
        return arrivedNanos + Math.min(request.priority().patience().toNanos(), request.timeoutNanos());
    }
}
