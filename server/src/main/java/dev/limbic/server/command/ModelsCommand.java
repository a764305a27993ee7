package dev.limbic.server.command;

import dev.limbic.model.LanguageModel;
import dev.limbic.model.TextModel;
import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.runtime.Engine;
import dev.limbic.server.runtime.Host;
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
        List<Host> hosts = new Engine(config.cuda(), step -> {}).load(config.models(), config.languages());
        List<TextModel> loaded =
                hosts.stream().flatMap(host -> host.models().stream()).toList();
        for (TextModel model : loaded) {
            System.out.println(Tables.model(model.card(), model.card().name().equals(config.defaultModel())));
            if (labels) {
                for (int id = 0; id < model.card().labels().size(); id++) {
                    System.out.printf("    %3d %s%n", id, model.card().labels().get(id));
                }
            }
        }
        for (Host host : hosts) {
            for (LanguageModel model : host.languages()) {
                boolean isDefault = model.card().name().equals(config.defaultLanguage());
                System.out.println(Tables.model(model.card(), isDefault));
            }
        }
        hosts.forEach(Host::close);
        return 0;
    }
}
