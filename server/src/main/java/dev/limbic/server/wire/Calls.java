package dev.limbic.server.wire;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.dialogue.Dialogues;
import dev.limbic.server.pipeline.FaceReader;
import dev.limbic.server.pipeline.Pipeline;
import dev.limbic.server.stream.Interactions;
import io.grpc.ServerCall;
import io.grpc.Status;

/**
 * What the handlers of all calls share.
 *
 * @param window unanswered requests per stream
 */
record Calls(Pipeline pipeline, Interactions interactions, Admission admission, WireObserver observer, int window) {
    /** Reads faces. */
    FaceReader faces() {
        return interactions.faces();
    }

    /** Holds conversations. */
    Dialogues dialogues() {
        return interactions.dialogues();
    }

    /** Counts an answer without letting clients invent label values. */
    void answered(String method, Target target, Status.Code code, long startedNanos) {
        String model = pipeline.catalog().nameOr(target.kinds(), target.model(), Target.UNKNOWN);
        observer.answered(method, model, code.name(), System.nanoTime() - startedNanos);
    }

    /** The failure as the client shall see it; a defect is also reported. */
    Failures.Failure failure(String method, Throwable thrown) {
        if (!(thrown instanceof LimbicException) || thrown instanceof LimbicException.Internal) {
            observer.defect(method, thrown);
        }
        return Failures.of(thrown);
    }

    /** Ends a call that was not let in. */
    <Q> ServerCall.Listener<Q> refuse(ServerCall<Q, ?> call, String method, LimbicException why) {
        Failures.Failure failure = failure(method, why);
        observer.answered(method, Target.UNKNOWN, failure.code().name(), 0);
        call.close(failure.status(), failure.trailers());
        return new ServerCall.Listener<>() {};
    }
}
