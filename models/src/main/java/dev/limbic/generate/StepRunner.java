package dev.limbic.generate;

import java.util.List;

/** A language model on a device with its key-value cache. Called from one thread. */
@FunctionalInterface
public interface StepRunner {
    /**
     * Computes a step.
     *
     * @return what follows from {@link Step#logitRows}, chosen as {@link Step#nextTokens} say, [S]
     * @throws RuntimeException if the device fails; the step's sequences fail with it
     */
    List<Choice> run(Step step);
}
