package dev.limbic.server.pipeline;

import dev.limbic.domain.Box;
import dev.limbic.domain.Image;
import java.util.List;

/**
 * A picture whose faces shall be read.
 *
 * @param model name of a model that reads faces, of kind image or video; empty for the default one of kind image
 * @param finder name of a model that finds them, empty for the default one
 * @param boxes where the faces are; empty: they are searched for
 * @param timeoutNanos time from now that the answer is worth waiting for, {@link Long#MAX_VALUE} for no bound
 * @param states which streams the faces belong to, if the model is one of kind video
 */
public record FaceRequest(
        String model,
        String finder,
        Image image,
        List<Box> boxes,
        Priority priority,
        long timeoutNanos,
        FaceStates states) {
    /** Most boxes of a request: as many faces as are read of a picture that is searched. */
    public static final int MOST_BOXES = FaceJob.MOST_FACES;

    /** A picture alone. */
    public FaceRequest(
            String model, String finder, Image image, List<Box> boxes, Priority priority, long timeoutNanos) {
        this(model, finder, image, boxes, priority, timeoutNanos, FaceStates.NONE);
    }
}
