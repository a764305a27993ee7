package dev.limbic.server.pipeline;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Face;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a picture.
 *
 * @param width of the picture, in pixels
 * @param height of the picture, in pixels
 * @param faces the most certain first, or in the order of the request's boxes; perhaps none
 * @param finder how they were found; null if the request said where they are
 */
public record FaceReading(
        int width,
        int height,
        List<ReadFace> faces,
        @Nullable Answer<List<Face>> finder) {
    /** What finding and reading cost; see {@link Answer#tokens}. */
    public int tokens() {
        return (finder == null ? 0 : finder.tokens())
                + faces.stream().mapToInt(face -> face.emotions().tokens()).sum();
    }

    /**
     * A face and what it shows.
     *
     * @param stateReset whether the model had lost what it knew of the face's stream, because its device was restarted
     */
    public record ReadFace(Face face, Answer<Emotions> emotions, boolean stateReset) {}

    /** Receives a reading or a failure; exactly one method is called, once, unless the request was cancelled. */
    public interface Receiver {
        /** The reading. */
        void read(FaceReading reading);

        /** Why there is none. */
        void failed(dev.limbic.domain.LimbicException failure);
    }
}
