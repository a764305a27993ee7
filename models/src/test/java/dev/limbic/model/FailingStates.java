package dev.limbic.model;

import dev.limbic.ops.StatePool;
import dev.limbic.tensor.Tensor;

/** States of which a part cannot be written, once. */
final class FailingStates implements StatePool {
    private final StatePool states;
    private int failing = -1;

    FailingStates(StatePool states) {
        this.states = states;
    }

    void failAt(int part) {
        failing = part;
    }

    @Override
    public Layout layout() {
        return states.layout();
    }

    @Override
    public Tensor gather(int part, int[] slots) {
        return states.gather(part, slots);
    }

    @Override
    public void scatter(int part, int[] slots, Tensor rows) {
        if (part == failing) {
            failing = -1;
            throw new IllegalStateException("broken");
        }
        states.scatter(part, slots, rows);
    }

    @Override
    public void reset(int slot) {
        states.reset(slot);
    }

    @Override
    public void close() {
        states.close();
    }
}
