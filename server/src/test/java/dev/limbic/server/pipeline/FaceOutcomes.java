package dev.limbic.server.pipeline;

import dev.limbic.domain.LimbicException;
import java.util.Queue;

/** Puts what becomes of pictures into a queue: a {@link FaceReading}, or why there is none. */
record FaceOutcomes(Queue<Object> outcomes) implements FaceReading.Receiver {
    @Override
    public void read(FaceReading reading) {
        outcomes.add(reading);
    }

    @Override
    public void failed(LimbicException failure) {
        outcomes.add(failure);
    }
}
