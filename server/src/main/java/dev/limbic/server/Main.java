package dev.limbic.server;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.command.AnalyzeCommand;
import dev.limbic.server.command.ChatCommand;
import dev.limbic.server.command.ConfigCommand;
import dev.limbic.server.command.DoctorCommand;
import dev.limbic.server.command.EvaluateCommand;
import dev.limbic.server.command.ModelsCommand;
import dev.limbic.server.command.ServeCommand;
import dev.limbic.server.config.ConfigException;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * The command line. A new command is one class and one entry in {@link #COMMANDS}.
 *
 * <p>Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
 */
@Command(
        name = "limbic",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Emotion inference for virtual worlds: text in, emotion out.")
public final class Main implements Runnable {
    private static final List<Class<?>> COMMANDS = List.of(
            ServeCommand.class,
            AnalyzeCommand.class,
            ChatCommand.class,
            ModelsCommand.class,
            ConfigCommand.class,
            EvaluateCommand.class,
            DoctorCommand.class,
            HelpCommand.class);

    private static final int FAILED = 1;
    private static final int MISUSED = 2;

    @Spec
    private @org.jspecify.annotations.Nullable CommandSpec spec;

    /** Runs a command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /** Runs a command and returns its exit code. */
    public static int run(String... arguments) {
        CommandLine line = new CommandLine(new Main());
        commands(arguments).forEach(line::addSubcommand);
        return line.setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((thrown, command, parsed) -> explain(thrown, command))
                .execute(arguments);
    }

    /** The one that is meant, or all where that is not plain: reading what each can do delays a server's start. */
    private static List<Class<?>> commands(String[] arguments) {
        List<Class<?>> meant = COMMANDS.stream()
                .filter(command -> arguments.length > 0
                        && command != HelpCommand.class
                        && command.getAnnotation(Command.class).name().equals(arguments[0]))
                .toList();
        return meant.isEmpty() ? COMMANDS : meant;
    }

    private static int explain(Exception thrown, CommandLine command) throws Exception {
        switch (thrown) {
            case ConfigException e -> {
                command.getErr().println("The configuration cannot be used:");
                String.valueOf(e.getMessage())
                        .lines()
                        .forEach(line -> command.getErr().println("  " + line));
                return MISUSED;
            }
            case LimbicException.Internal e -> {
                command.getErr().println("limbic: this is a defect, of the program or of a model: " + e.getMessage());
                throw e;
            }
            case LimbicException e -> command.getErr().println("limbic: " + e.getMessage());
            case IOException e -> command.getErr().println("limbic: " + e.getMessage());
            default -> throw thrown;
        }
        return FAILED;
    }

    /** Without a command there is nothing to do: say what there is. */
    @Override
    public void run() {
        CommandLine command = java.util.Objects.requireNonNull(spec).commandLine();
        throw new CommandLine.ParameterException(command, "which command?");
    }

    /** The version that the build wrote into the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"limbic " + (version == null ? "(development build)" : version)};
        }
    }
}
