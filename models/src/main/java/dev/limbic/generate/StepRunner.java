package dev.limbic.generate;

/** A language model on a device with its key-value cache. Called from one thread. */
@FunctionalInterface
public interface StepRunner {
    /**
     * Computes a step.
     *
     * @return logits of {@link Step#logitRows}, f32 row by row, at least [S, V]; may be reused for the next step
     * @throws RuntimeException if the device fails; the step's sequences fail with it
     */
    float[] run(Step step);
}
