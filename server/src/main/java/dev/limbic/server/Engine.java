package dev.limbic.server;

import dev.limbic.domain.LimbicException;
import dev.limbic.model.TextModel;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** Opens devices and loads models: the only place that names a concrete device. */
final class Engine {
    private Engine() {}

    /**
     * Loads the models, in order.
     *
     * @param progress told what is being loaded before each long step
     * @throws LimbicException if a device cannot be opened or a model cannot be loaded; the message says which and why
     */
    static List<TextModel> load(List<ModelConfig> models, Consumer<String> progress) {
        models.forEach(model -> progress.accept("loading " + model.name()));
        // WIRING POINT: open the CPU or CUDA device that each entry asks for and load it through the model registry.
        throw new LimbicException.Unavailable(
                "no engine is built in yet, so %d configured models cannot be loaded".formatted(models.size()),
                Duration.ZERO);
    }
}
