package dev.limbic.server.pipeline;

import dev.limbic.domain.LimbicException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** The reading of a picture, for a thread that waits for it. Thread-safe. */
public final class AwaitedReading {
    private final CompletableFuture<FaceReading> outcome = new CompletableFuture<>();

    private AwaitedReading() {}

    /**
     * Starts to read a picture.
     *
     * @throws LimbicException if the request cannot be accepted
     */
    public static AwaitedReading start(FaceReader reader, FaceRequest request) {
        AwaitedReading awaited = new AwaitedReading();
        reader.read(request, new FaceReading.Receiver() {
            @Override
            public void read(FaceReading reading) {
                awaited.outcome.complete(reading);
            }

            @Override
            public void failed(LimbicException failure) {
                awaited.outcome.completeExceptionally(failure);
            }
        });
        return awaited;
    }

    /**
     * Waits for it.
     *
     * @throws LimbicException if the picture could not be read
     */
    public FaceReading await() {
        try {
            return outcome.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof LimbicException failure ? failure : e;
        }
    }
}
