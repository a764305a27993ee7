package dev.limbic.server.pipeline;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.StreamSlots;
import java.util.Optional;

/** Reads the faces of pictures. Thread-safe. */
public interface FaceReader {
    /**
     * Refuses names that no request could use; an empty one, which means the default one, is not looked at.
     *
     * @throws LimbicException.NotFound if no such model is served
     */
    void requireServed(String model, String finder);

    /**
     * Where a model keeps what it remembers of streams, for {@link FaceRequest#states}; empty if it looks at each picture
     * alone, as the default one does. The same as long as the server runs.
     *
     * @param model as in a request
     * @throws LimbicException.NotFound if there is no such model
     */
    Optional<StreamSlots> slots(String model);

    /**
     * Starts to read a picture; the receiver hears from another thread.
     *
     * @return the waiting work, for cancellation
     * @throws LimbicException if the request cannot be accepted; the receiver is not called then
     */
    Pending read(FaceRequest request, FaceReading.Receiver receiver);

    /**
     * What logits mean that are not quite those that a model gave, such as smoothed ones.
     *
     * @param model name of the one that answered
     * @param logits as many as it has labels
     */
    Emotions meaning(String model, float[] logits);
}
