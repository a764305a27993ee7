package dev.limbic.server.wire;

import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.ModelServiceGrpc;
import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The standard health service: one entry per model, and one for each service and for the server as a whole, which
 * serve as long as any model does. Thread-safe.
 */
public final class ModelHealth {
    private static final List<String> SERVICES = List.of(
            HealthStatusManager.SERVICE_NAME_ALL_SERVICES,
            ModelServiceGrpc.SERVICE_NAME,
            EmotionServiceGrpc.SERVICE_NAME,
            DialogueServiceGrpc.SERVICE_NAME,
            InteractionServiceGrpc.SERVICE_NAME);

    private final HealthStatusManager statuses = new HealthStatusManager();
    private final Set<String> serving = new HashSet<>();

    /** All models serve. */
    public ModelHealth(Collection<String> models) {
        set(models, true);
    }

    /** Says whether models serve. */
    public synchronized void set(Collection<String> models, boolean serves) {
        for (String model : models) {
            statuses.setStatus(model, status(serves));
            if (serves) {
                serving.add(model);
            } else {
                serving.remove(model);
            }
        }
        SERVICES.forEach(service -> statuses.setStatus(service, status(serves())));
    }

    private static ServingStatus status(boolean serves) {
        return serves ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    }

    /** Whether any model serves. */
    public synchronized boolean serves() {
        return !serving.isEmpty();
    }

    /** Everything is NOT_SERVING from now on, whatever is set later. */
    public synchronized void end() {
        serving.clear();
        statuses.enterTerminalState();
    }

    BindableService service() {
        return statuses.getHealthService();
    }
}
