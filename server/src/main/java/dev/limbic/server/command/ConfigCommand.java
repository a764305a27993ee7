package dev.limbic.server.command;

import dev.limbic.server.config.ConfigLoader;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code limbic config}: prints the annotated default configuration. */
@Command(
        name = "config",
        mixinStandardHelpOptions = true,
        description = "Prints the configuration with every key at its default, to start a file of your own from.")
public final class ConfigCommand implements Callable<Integer> {
    @Option(names = "--strategies", description = "Prints the response strategies instead (dialogue.strategies).")
    private boolean strategies;

    @Override
    public Integer call() {
        System.out.print(strategies ? ConfigLoader.strategies() : ConfigLoader.defaults());
        return 0;
    }
}
