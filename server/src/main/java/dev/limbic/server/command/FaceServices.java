package dev.limbic.server.command;

import dev.limbic.model.Kinds;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.runtime.Engine;
import dev.limbic.server.runtime.Services;
import java.util.ArrayList;
import java.util.List;

/** What commands that read faces need of a server. */
final class FaceServices {
    private FaceServices() {}

    /** Of the configured models those that read and find faces. */
    static Services of(ServerConfig config) {
        List<ModelConfig> models = new ArrayList<>(Engine.ofKind(Kinds.IMAGE, config.models()));
        models.addAll(Engine.ofKind(Kinds.VIDEO, config.models()));
        models.addAll(Engine.ofKind(Kinds.FINDER, config.models()));
        return new Services(config, new Engine(config.cuda(), step -> {}).load(models));
    }
}
