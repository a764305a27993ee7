package dev.limbic.ops.cpu;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;

/** The plans of one thread, by value key, bounded; the one unused for longest makes room. */
final class MatmulPlans implements AutoCloseable {
    private static final int CAPACITY = 2048;

    private final LinkedHashMap<MatmulPlan.Key, MatmulPlan> plans = new LinkedHashMap<>(64, 0.75f, true);

    /** The plan for {@code key} with weights in {@code layout}, compiled on first use. */
    MatmulPlan get(MatmulPlan.Key key, dnnl_memory_desc layout) {
        MatmulPlan plan = plans.get(key);
        if (plan == null) {
            plan = new MatmulPlan(key, layout);
            plans.put(key, plan);
            if (plans.size() > CAPACITY) {
                Map.Entry<MatmulPlan.Key, MatmulPlan> eldest = plans.firstEntry();
                plans.remove(eldest.getKey());
                eldest.getValue().close();
            }
        }
        return plan;
    }

    @Override
    public void close() {
        plans.values().forEach(MatmulPlan::close);
        plans.clear();
    }
}
