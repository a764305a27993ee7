package dev.limbic.generate;

import dev.limbic.domain.LimbicException;
import java.util.List;

/** Drives a model by its scheduler, one step at a time, so that its thread can do other work between steps. */
public final class Generator {
    private final Scheduler scheduler;
    private final StepRunner runner;

    public Generator(Scheduler scheduler, StepRunner runner) {
        this.scheduler = scheduler;
        this.runner = runner;
    }

    /**
     * Computes the next step, if there is one. A failure of the runner ends the step's sequences as failed; a defect of
     * the scheduler ends all, so that the thread, which others rely on, lives on.
     *
     * @return whether the device had work
     */
    public boolean step() {
        try {
            Step step = scheduler.plan();
            if (step != null) {
                compute(step);
            }
            return step != null;
        } catch (RuntimeException defect) {
            scheduler.failAll(new LimbicException.Internal("the next step could not be planned", defect));
            return true;
        }
    }

    private void compute(Step step) {
        List<Choice> choices;
        try {
            choices = runner.run(step);
        } catch (LimbicException e) {
            scheduler.fail(e);
            return;
        } catch (RuntimeException e) {
            scheduler.fail(new LimbicException.Internal("the device failed while it generated", e));
            return;
        }
        scheduler.accept(choices);
    }
}
