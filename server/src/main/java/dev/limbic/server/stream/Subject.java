package dev.limbic.server.stream;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Face;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.FaceReader;
import dev.limbic.server.pipeline.FaceReading;
import dev.limbic.server.pipeline.FaceReading.ReadFace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Whom some of a stream's frames show: what of them waits, and what is remembered of the faces in them. Not thread-safe.
 *
 * @param <F> a frame on its way
 */
final class Subject<F> {
    /** Whose faces are in a frame, in its order, and when it was made. */
    record Who(List<FaceTracks.Track<FaceMemory>> tracks, double seconds) {}

    /** What a reading says, smoothed, and whose faces they are, in the same order. */
    record Told(FaceReading reading, List<String> subjects) {}

    private final String name;
    private final boolean smoothed;
    private final RateGate gate;
    private final FrameClock clock = new FrameClock();
    private final FaceTracks<FaceMemory> tracks;
    private final Latest<F> latest = new Latest<>();
    private long heardNanos;

    /**
     * @param name as the client calls it; empty where it does not
     * @param remember what is kept of a new face
     * @param forget hears of what is kept no more
     */
    Subject(
            String name,
            FrameSettings settings,
            FrameRules rules,
            Supplier<FaceMemory> remember,
            Consumer<FaceMemory> forget) {
        this.name = name;
        this.smoothed = settings.smoothed();
        this.gate = new RateGate(settings.rate(rules));
        double forgetSeconds = rules.forgetAfter().toNanos() * 1e-9;
        this.tracks = new FaceTracks<>(remember, forget, forgetSeconds, !name.isEmpty());
    }

    /** Says when a frame may come. */
    RateGate gate() {
        return gate;
    }

    /** Its frames. */
    Latest<F> latest() {
        return latest;
    }

    /** Something of it happened. */
    void heard(long nowNanos) {
        heardNanos = nowNanos;
    }

    /** Whether nothing of it has happened for some time, or is happening. */
    boolean isSilent(long nowNanos, Duration patience) {
        return latest.idle() && nowNanos - heardNanos > patience.toNanos();
    }

    /**
     * Whose faces are in a frame; once for each frame, in their order.
     *
     * @throws dev.limbic.domain.LimbicException if a new face cannot be remembered
     */
    Who identify(List<Face> faces, long clientMicros, long arrivedNanos) {
        double seconds = clock.at(clientMicros, arrivedNanos);
        return new Who(tracks.follow(faces.stream().map(Face::box).toList(), seconds), seconds);
    }

    /** What is told of a reading. */
    Told tell(FaceReading reading, Who who, FaceReader reader) {
        List<ReadFace> faces = new ArrayList<>();
        List<String> subjects = new ArrayList<>();
        for (int i = 0; i < reading.faces().size(); i++) {
            ReadFace face = reading.faces().get(i);
            FaceTracks.Track<FaceMemory> track = who.tracks().get(i);
            subjects.add(subject(track.number()));
            faces.add(smoothed ? smooth(face, track.state().filter(), who.seconds(), reader) : face);
        }
        return new Told(new FaceReading(reading.width(), reading.height(), faces, reading.finder()), subjects);
    }

    private static ReadFace smooth(ReadFace face, OneEuroFilter filter, double seconds, FaceReader reader) {
        Answer<Emotions> raw = face.emotions();
        float[] logits = filter.next(raw.value().logits(), seconds);
        Emotions smooth = reader.meaning(raw.model(), logits);
        return new ReadFace(face.face(), raw.saying(smooth), face.stateReset());
    }

    /** Forgets all faces. */
    void forget() {
        tracks.forgetAll();
    }

    private String subject(int number) {
        if (name.isEmpty()) {
            return "face-" + number;
        }
        return number == 1 ? name : name + "/" + number;
    }
}
