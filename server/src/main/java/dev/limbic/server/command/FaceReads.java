package dev.limbic.server.command;

import dev.limbic.domain.LimbicException;
import dev.limbic.model.Kinds;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.pipeline.FaceReading;
import dev.limbic.server.pipeline.FaceRequest;
import dev.limbic.server.runtime.Engine;
import dev.limbic.server.runtime.Services;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Pictures to readings, for commands. */
final class FaceReads {
    private FaceReads() {}

    /** Of the configured models those that read and find faces. */
    static Services services(ServerConfig config) {
        List<ModelConfig> models = new ArrayList<>(Engine.ofKind(Kinds.IMAGE, config.models()));
        models.addAll(Engine.ofKind(Kinds.VIDEO, config.models()));
        models.addAll(Engine.ofKind(Kinds.FINDER, config.models()));
        return new Services(config, new Engine(config.cuda(), step -> {}).load(models));
    }

    /** @throws LimbicException if the request cannot be accepted */
    static CompletableFuture<FaceReading> start(Services services, FaceRequest request) {
        CompletableFuture<FaceReading> outcome = new CompletableFuture<>();
        services.faces().read(request, new FaceReading.Receiver() {
            @Override
            public void read(FaceReading reading) {
                outcome.complete(reading);
            }

            @Override
            public void failed(LimbicException failure) {
                outcome.completeExceptionally(failure);
            }
        });
        return outcome;
    }

    /** @throws LimbicException if the picture could not be read */
    static FaceReading await(CompletableFuture<FaceReading> outcome) {
        try {
            return outcome.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof LimbicException failure ? failure : e;
        }
    }
}
