package dev.limbic.server.wire;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.pipeline.Models;
import dev.limbic.server.pipeline.TextPipeline;
import io.grpc.Status;

/**
 * What the handlers of all calls share.
 *
 * @param window unanswered requests per stream
 */
record Calls(TextPipeline pipeline, Models models, Admission admission, WireObserver observer, int window) {
    static final String ANALYZE = "Analyze";
    /** In place of a model's name. */
    static final String UNKNOWN = "unknown";

    static final String ANALYZE_STREAM = "AnalyzeStream";

    /** Counts an answer without letting clients invent label values. */
    void answered(String method, String model, Status.Code code, long startedNanos) {
        String known = model.isEmpty() ? models.defaultName() : models.contains(model) ? model : UNKNOWN;
        observer.answered(method, known, code.name(), System.nanoTime() - startedNanos);
    }

    /** The failure as the client shall see it; a defect is also reported. */
    Failures.Failure failure(String method, Throwable thrown) {
        if (!(thrown instanceof LimbicException) || thrown instanceof LimbicException.Internal) {
            observer.defect(method, thrown);
        }
        return Failures.of(thrown);
    }
}
