package dev.limbic.server.wire;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.dialogue.Dialogues;
import dev.limbic.server.pipeline.Languages;
import dev.limbic.server.pipeline.Models;
import dev.limbic.server.pipeline.TextPipeline;
import io.grpc.Status;

/**
 * What the handlers of all calls share.
 *
 * @param window unanswered requests per stream
 */
record Calls(
        TextPipeline pipeline,
        Models models,
        Dialogues dialogues,
        Admission admission,
        WireObserver observer,
        int window) {
    static final String ANALYZE = "Analyze";
    /** In place of a model's name. */
    static final String UNKNOWN = "unknown";

    static final String ANALYZE_STREAM = "AnalyzeStream";
    static final String GENERATE = "Generate";
    static final String CONVERSE = "Converse";

    /** Counts an answer without letting clients invent label values. */
    void answered(String method, String model, Status.Code code, long startedNanos) {
        String known = model.isEmpty() ? models.defaultName() : models.contains(model) ? model : UNKNOWN;
        observer.answered(method, known, code.name(), System.nanoTime() - startedNanos);
    }

    /** {@link #answered} by a language model. */
    void replied(String method, String model, Status.Code code, long startedNanos) {
        Languages languages = dialogues.replies().languages();
        String name = model.isEmpty() ? languages.defaultName() : model;
        observer.answered(
                method, languages.contains(name) ? name : UNKNOWN, code.name(), System.nanoTime() - startedNanos);
    }

    /** The failure as the client shall see it; a defect is also reported. */
    Failures.Failure failure(String method, Throwable thrown) {
        if (!(thrown instanceof LimbicException) || thrown instanceof LimbicException.Internal) {
            observer.defect(method, thrown);
        }
        return Failures.of(thrown);
    }
}
