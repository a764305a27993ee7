package dev.limbic.server.wire;

import dev.limbic.domain.LimbicException;
import dev.limbic.model.Kind;
import dev.limbic.server.dialogue.Dialogues;
import dev.limbic.server.pipeline.Pipeline;
import io.grpc.Status;

/**
 * What the handlers of all calls share.
 *
 * @param window unanswered requests per stream
 */
record Calls(Pipeline pipeline, Dialogues dialogues, Admission admission, WireObserver observer, int window) {
    static final String ANALYZE = "Analyze";
    /** In place of a model's name. */
    static final String UNKNOWN = "unknown";

    static final String ANALYZE_STREAM = "AnalyzeStream";
    static final String GENERATE = "Generate";
    static final String INTERACT = "Interact";

    /** Counts an answer by a model of a kind without letting clients invent label values. */
    void answered(String method, Kind<?> kind, String model, Status.Code code, long startedNanos) {
        observer.answered(
                method, pipeline.catalog().nameOr(kind, model, UNKNOWN), code.name(), System.nanoTime() - startedNanos);
    }

    /** The failure as the client shall see it; a defect is also reported. */
    Failures.Failure failure(String method, Throwable thrown) {
        if (!(thrown instanceof LimbicException) || thrown instanceof LimbicException.Internal) {
            observer.defect(method, thrown);
        }
        return Failures.of(thrown);
    }
}
