package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.jspecify.annotations.Nullable;

/** The plans of one thread: products by value key, bounded; the one unused for longest makes room. */
final class MatmulPlans implements AutoCloseable {
    private static final int CAPACITY = 2048;

    private final LinkedHashMap<MatmulPlan.Key, MatmulPlan> plans = new LinkedHashMap<>(64, 0.75f, true);
    private final Map<Activation, EltwisePlan> activations = new EnumMap<>(Activation.class);

    /** The plan for {@code key} with weights in {@code layout}, compiled on first use. */
    MatmulPlan get(MatmulPlan.Key key, @Nullable dnnl_memory_desc layout) {
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

    /** The plan for an activation alone, compiled on first use. */
    EltwisePlan activation(Activation activation) {
        return activations.computeIfAbsent(activation, EltwisePlan::new);
    }

    @Override
    public void close() {
        activations.values().forEach(EltwisePlan::close);
        activations.clear();
        plans.values().forEach(MatmulPlan::close);
        plans.clear();
    }
}
