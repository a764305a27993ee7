package dev.limbic.ops.cpu;

import java.util.HashMap;
import java.util.Map;

/**
 * The compiled convolutions of one device by value key, as long as some {@link ConvLayer.Scheduled} holds them: layers of the same
 * sizes share one. Safe for several threads.
 */
final class ConvPlans {
    private static final class Held {
        private final ConvPlan plan;
        private int holders;

        Held(ConvPlan plan) {
            this.plan = plan;
        }
    }

    private final int workers;
    private final Map<ConvPlan.Key, Held> held = new HashMap<>();

    /** @param workers of the team */
    ConvPlans(int workers) {
        this.workers = workers;
    }

    /** The plan, compiled on first use, for a holder that will {@link #release} it. */
    synchronized ConvPlan hold(ConvPlan.Key key) {
        Held plan = held.computeIfAbsent(key, k -> new Held(new ConvPlan(k, workers)));
        plan.holders++;
        return plan.plan;
    }

    synchronized void release(ConvPlan plan) {
        Held entry = held.get(plan.key());
        if (entry != null && --entry.holders == 0) {
            held.remove(plan.key());
            plan.close();
        }
    }

    int workers() {
        return workers;
    }
}
