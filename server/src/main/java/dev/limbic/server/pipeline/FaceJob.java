package dev.limbic.server.pipeline;

import dev.limbic.domain.Box;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Face;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.PixelFormat;
import dev.limbic.domain.ImageSource.RawImage;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.Kinds;
import dev.limbic.preprocess.image.FaceCrop;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageDecoder.Transparency;
import dev.limbic.preprocess.image.codec.Pixels;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
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
    private final FaceRequest request;
    private final FaceReading.Receiver receiver;
    private final long arrivedNanos = System.nanoTime();

    private final ReentrantLock lock = new ReentrantLock();
    private final List<Pending> parts = new ArrayList<>();
    private boolean ended;

    FaceJob(Pipeline pipeline, ImageDecoder decoder, FaceRequest request, FaceReading.Receiver receiver) {
        this.pipeline = pipeline;
        this.decoder = decoder;
        this.request = request;
        this.receiver = receiver;
    }

    /** Decodes on a worker, then searches, unless the request says where to look. */
    @Override
    public void run() {
        guarded(() -> {
            timeLeft();
            Pixels picture = decoder.decode(request.image().source(), Transparency.DROPPED);
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
        Request<Image> search = new Request<>(request.finder(), image(picture), request.priority(), timeLeft());
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
        }
        for (int i = 0; i < faces.size(); i++) {
            Box box = faces.get(i).box();
            Pixels face = box.equals(Box.WHOLE) ? picture : FaceCrop.of(picture, box, 0, false);
            add(pipeline.submitPart(
                    Kinds.IMAGE,
                    new Request<>(request.model(), image(face), request.priority(), timeLeft()),
                    reading.place(i)));
        }
    }

    private static Image image(Pixels pixels) {
        return new Image(new RawImage(PixelFormat.RGB, pixels.width(), pixels.height(), 0, pixels.rgb()));
    }

    /** The faces of the picture as their emotions come in. */
    private final class Reading {
        private final Pixels picture;
        private final List<Face> faces;
        private final @Nullable Answer<List<Face>> finder;
        private final List<@Nullable Answer<Emotions>> answers = new ArrayList<>();
        private int missing;

        Reading(Pixels picture, List<Face> faces, @Nullable Answer<List<Face>> finder) {
            this.picture = picture;
            this.faces = faces;
            this.finder = finder;
            this.missing = faces.size();
            faces.forEach(face -> answers.add(null));
        }

        Receiver<Emotions> place(int i) {
            return new Receiver<>() {
                @Override
                public void answered(Answer<Emotions> answer) {
                    lock.lock();
                    try {
                        answers.set(i, answer);
                        missing--;
                        if (missing > 0) {
                            return;
                        }
                    } finally {
                        lock.unlock();
                    }
                    end();
                }

                @Override
                public void failed(LimbicException failure) {
                    fail(failure);
                }
            };
        }

        void end() {
            List<FaceReading.ReadFace> read = new ArrayList<>();
            for (int i = 0; i < faces.size(); i++) {
                read.add(new FaceReading.ReadFace(faces.get(i), java.util.Objects.requireNonNull(answers.get(i))));
            }
            if (endOnce()) {
                receiver.read(new FaceReading(picture.width(), picture.height(), read, finder));
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
