package dev.limbic.server.stream;

import dev.limbic.domain.Cause;
import dev.limbic.domain.LimbicException;
import dev.limbic.server.pipeline.FaceReading;
import java.util.List;

/** What became of a frame that was looked at. */
public sealed interface FrameEvent {
    /** The frame, as the client calls it. */
    Cause cause();

    /** Time from the frame's arrival. */
    long totalNanos();

    /**
     * What it shows.
     *
     * @param reading its faces; what is said of each follows from smoothed logits, if the client wants that
     * @param subjects whose face each is, in the order of the reading; the same from frame to frame
     * @param dropped frames of the subject since the last one of these that nobody looked at
     */
    record Seen(Cause cause, FaceReading reading, List<String> subjects, int dropped, long totalNanos)
            implements FrameEvent {}

    /** Why it could not be read. */
    record Failed(Cause cause, LimbicException failure, long totalNanos) implements FrameEvent {}
}
