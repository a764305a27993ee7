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
     * Computes the next step, if there is one. A failure of the runner ends the step's sequences as failed.
     *
     * @return whether the device had work
     */
    public boolean step() {
        Step step = scheduler.plan();
        if (step == null) {
            return false;
        }
        List<Choice> choices;
        try {
            choices = runner.run(step);
        } catch (LimbicException e) {
            scheduler.fail(e);
            return true;
        } catch (RuntimeException e) {
            scheduler.fail(new LimbicException.Internal("the device failed while it generated", e));
            return true;
        }
        scheduler.accept(choices);
        return true;
    }
}
