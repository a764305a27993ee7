package dev.limbic.server.pipeline;

import dev.limbic.domain.Face;
import dev.limbic.domain.StreamState;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Says whose faces a frame shows, so that a model that remembers reads each after the earlier ones of its own stream. */
@FunctionalInterface
public interface FaceStates {
    /** Each face is read alone, as that of a first frame. */
    FaceStates NONE = faces -> Collections.nCopies(faces.size(), null);

    /**
     * What is remembered of faces. Called at most once for a request, only if the model remembers, when it is known where the
     * faces are and before any is read; by a worker or by the thread that answers. What it throws fails the request.
     *
     * @param faces at least one
     * @return one for each face, of {@link FaceReader#slots}; null to read it alone
     */
    List<@Nullable StreamState> of(List<Face> faces);
}
