package dev.limbic.server.command;

import dev.limbic.model.ModelCard;
import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.runtime.Engine;
import dev.limbic.server.runtime.Host;
import dev.limbic.server.runtime.Services;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code limbic models}: loads the configured models and says what they are. */
@Command(
        name = "models",
        mixinStandardHelpOptions = true,
        description = "Loads the configured models and says what they are.")
public final class ModelsCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Option(names = "--labels", description = "Lists each model's labels in id order.")
    private boolean labels;

    @Override
    public Integer call() throws ConfigException {
        ServerConfig config = options.load();
        List<Host> hosts = new Engine(config.cuda(), step -> {}).load(config.models());
        try (Services services = new Services(config, hosts)) {
            for (ModelCard card : services.catalog().cards()) {
                System.out.println(Tables.model(card, services.catalog().isDefault(card)));
                for (int id = 0; labels && id < card.labels().size(); id++) {
                    System.out.printf("    %3d %s%n", id, card.labels().get(id));
                }
            }
        }
        return 0;
    }
}
