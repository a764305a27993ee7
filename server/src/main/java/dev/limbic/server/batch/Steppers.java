package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The steppers of a device, taking turns. */
final class Steppers {
    private final List<Stepper> steppers = new CopyOnWriteArrayList<>();
    private int next;

    void add(Stepper stepper) {
        steppers.add(stepper);
    }

    boolean haveWork() {
        for (Stepper stepper : steppers) {
            if (stepper.hasWork()) {
                return true;
            }
        }
        return false;
    }

    /** One step of the next one that has work; on the owner thread. */
    void step() {
        for (int tried = 0; tried < steppers.size(); tried++) {
            Stepper stepper = steppers.get(next % steppers.size());
            next = (next + 1) % steppers.size();
            if (stepper.hasWork()) {
                stepper.step();
                return;
            }
        }
    }

    void failAll(LimbicException why) {
        steppers.forEach(stepper -> stepper.failAll(why));
    }
}
