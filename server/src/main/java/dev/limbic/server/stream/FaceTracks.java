package dev.limbic.server.stream;

import dev.limbic.domain.Box;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which face of a frame is which of earlier frames: those that overlap most belong together, the best pair first. A face is
 * looked for where it would be if it went on as it did, so that two that cross keep apart (as SORT does, Bewley et al. 2016,
 * without its Kalman filter). One that is not found is remembered for a while. Not thread-safe.
 *
 * @param <S> what is kept of each face as long as it is remembered
 */
final class FaceTracks<S> {
    /** Overlap below which two boxes are two faces; faces of 30 frames a second overlap far more. */
    private static final double LEAST_OVERLAP = 0.2;

    /** Time for which a face that is not found is thought to go on moving, in seconds. */
    private static final double LONGEST_MOVE = 0.5;

    /** Share of a new speed in the one that is remembered. */
    private static final double SPEED_SHARE = 0.3;

    /** Fastest, in pictures per second. */
    private static final double FASTEST = 10;

    /** Most faces that are remembered; twice what is read of a picture. */
    private static final int MOST = 64;

    /** A face from frame to frame. */
    static final class Track<S> {
        private final int number;
        private final S state;
        private Box box;
        private double seenSeconds;
        private double speedX;
        private double speedY;

        private Track(int number, S state, Box box, double seconds) {
            this.number = number;
            this.state = state;
            this.box = box;
            this.seenSeconds = seconds;
        }

        /** From 1 in the order in which faces were first seen; a number is never given twice. */
        int number() {
            return number;
        }

        /** What is kept of it. */
        S state() {
            return state;
        }

        private Box at(double seconds) {
            double moving = Math.min(seconds - seenSeconds, LONGEST_MOVE);
            return new Box(
                    (float) (box.x() + speedX * moving),
                    (float) (box.y() + speedY * moving),
                    box.width(),
                    box.height());
        }

        private void move(Box next, double seconds) {
            double elapsed = seconds - seenSeconds;
            speedX += SPEED_SHARE * (speed(middleX(box), middleX(next), elapsed) - speedX);
            speedY += SPEED_SHARE * (speed(middleY(box), middleY(next), elapsed) - speedY);
            box = next;
            seenSeconds = seconds;
        }

        private void jump(Box next, double seconds) {
            speedX = 0;
            speedY = 0;
            box = next;
            seenSeconds = seconds;
        }

        private static double speed(double from, double to, double elapsed) {
            return Math.clamp((to - from) / elapsed, -FASTEST, FASTEST);
        }

        private static double middleX(Box box) {
            return box.x() + 0.5 * box.width();
        }

        private static double middleY(Box box) {
            return box.y() + 0.5 * box.height();
        }
    }

    private record Pair<S>(double overlap, Track<S> track, int face) {}

    private final Supplier<S> states;
    private final Consumer<S> forgotten;
    private final double forgetSeconds;
    private final boolean first;
    private final List<Track<S>> tracks = new ArrayList<>();
    private int numbers;

    /**
     * Knows no face yet.
     *
     * @param states what is kept of a new face; what it throws, {@link #follow} throws
     * @param forgotten hears of what is kept no more
     * @param forgetSeconds time after which a face that was not found is forgotten
     * @param keepsFirst whether all pictures are of one face, the first, and others are only there as well: a face that
     *     overlaps none is the first one then, if that is nowhere else
     */
    FaceTracks(Supplier<S> states, Consumer<S> forgotten, double forgetSeconds, boolean keepsFirst) {
        this.states = states;
        this.forgotten = forgotten;
        this.forgetSeconds = forgetSeconds;
        this.first = keepsFirst;
    }

    /**
     * Which faces are in a frame.
     *
     * @param boxes of the faces, the most certain first
     * @param seconds when the frame was made; more than at the call before
     * @return a track for each box
     */
    List<Track<S>> follow(List<Box> boxes, double seconds) {
        forget(track -> seconds - track.seenSeconds > forgetSeconds);
        List<@Nullable Track<S>> found = new ArrayList<>(Collections.nCopies(boxes.size(), null));
        Set<Track<S>> taken = new HashSet<>();
        for (Pair<S> pair : pairs(boxes, seconds)) {
            if (found.get(pair.face()) == null && taken.add(pair.track())) {
                pair.track().move(boxes.get(pair.face()), seconds);
                found.set(pair.face(), pair.track());
            }
        }
        List<Track<S>> all = new ArrayList<>();
        for (int i = 0; i < boxes.size(); i++) {
            Track<S> track = found.get(i);
            all.add(track != null ? track : unknown(boxes.get(i), seconds, taken));
        }
        return all;
    }

    /** Forgets all faces. */
    void forgetAll() {
        forget(track -> true);
    }

    private void forget(Predicate<Track<S>> which) {
        tracks.removeIf(track -> {
            boolean gone = which.test(track);
            if (gone) {
                forgotten.accept(track.state);
            }
            return gone;
        });
    }

    /** What may belong together, what overlaps most first; of equals, what was there first. */
    private List<Pair<S>> pairs(List<Box> boxes, double seconds) {
        List<Pair<S>> pairs = new ArrayList<>();
        for (Track<S> track : tracks) {
            Box expected = track.at(seconds);
            for (int i = 0; i < boxes.size(); i++) {
                double overlap = expected.overlap(boxes.get(i));
                if (overlap >= LEAST_OVERLAP) {
                    pairs.add(new Pair<>(overlap, track, i));
                }
            }
        }
        pairs.sort(Comparator.comparingDouble((Pair<S> pair) -> -pair.overlap()));
        return pairs;
    }

    private Track<S> unknown(Box box, double seconds, Set<Track<S>> taken) {
        if (first) {
            for (Track<S> track : tracks) {
                if (track.number == 1 && taken.add(track)) {
                    track.jump(box, seconds);
                    return track;
                }
            }
        }
        makeRoom(taken);
        boolean firstIsThere = tracks.stream().anyMatch(track -> track.number == 1);
        int number = first && !firstIsThere ? 1 : numbers + 1;
        numbers = Math.max(numbers, number);
        Track<S> track = new Track<>(number, states.get(), box, seconds);
        tracks.add(track);
        taken.add(track);
        return track;
    }

    /** Forgets one that was not seen for longest, if there are as many as may be; none that is in the frame. */
    private void makeRoom(Set<Track<S>> taken) {
        if (tracks.size() >= MOST) {
            tracks.stream()
                    .filter(track -> !taken.contains(track))
                    .min(Comparator.comparingDouble(track -> track.seenSeconds))
                    .ifPresent(oldest -> forget(track -> track == oldest));
        }
    }

    /** Faces that are remembered. */
    int size() {
        return tracks.size();
    }
}
