package dev.limbic.server.command;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Cause;
import dev.limbic.domain.Cue;
import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.dialogue.Dialogue;
import dev.limbic.server.dialogue.DialogueSettings;
import dev.limbic.server.dialogue.Utterance;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.server.pipeline.SamplingWish;
import dev.limbic.server.runtime.Engine;
import dev.limbic.server.runtime.Host;
import dev.limbic.server.runtime.Resident;
import dev.limbic.server.runtime.Services;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code limbic chat}: a conversation in a terminal, in this process, without a server. */
@Command(
        name = "chat",
        mixinStandardHelpOptions = true,
        description = {
            "Talks with a character in the terminal: type a line, see how it was read, how the character",
            "means to answer, and the answer as it is written. An empty line or Ctrl-D ends the conversation."
        })
public final class ChatCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Option(names = "--model", paramLabel = "NAME", description = "Language model; the default one if not given.")
    private String model = "";

    @Option(names = "--emotion-model", paramLabel = "NAME", description = "Text model that reads emotions.")
    private String emotionModel = "";

    @Option(names = "--persona", paramLabel = "TEXT", description = "Who the character is.")
    private String persona = "";

    @Option(
            names = "--emotion",
            paramLabel = "EMOTION",
            description = "The emotion of every answer: ${COMPLETION-CANDIDATES}. The strategy chooses if not given.")
    private @Nullable CanonicalEmotion emotion;

    @Option(names = "--intensity", paramLabel = "X", description = "With --emotion: how strongly, 0 to 1.")
    private float intensity = 1;

    @Option(names = "--seed", paramLabel = "N", description = "Same seed, same words: same answers.")
    private @Nullable Long seed;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            description = "0 for the likeliest words; the model's own if not given.")
    private @Nullable Float temperature;

    @Override
    public Integer call() throws ConfigException, IOException, InterruptedException {
        requireWithin("--intensity", intensity, 1);
        requireWithin("--temperature", temperature == null ? 0 : temperature, 100);
        Cue cue = emotion == null ? null : new Cue(emotion, intensity);
        ServerConfig config = options.load();
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        List<Host> hosts = new Engine(config.cuda(), step -> {}).load(config.models());
        try (Services service = new Services(config, hosts)) {
            ChatScreen screen = new ChatScreen(out, labels(hosts));
            Dialogue dialogue = service.dialogues().open(settings(), screen);
            boolean prompts = isTerminal();
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (int turn = 1; ; turn++) {
                if (prompts) {
                    out.print("you> ");
                    out.flush();
                }
                String line = lines.readLine();
                if (line == null || line.isBlank()) {
                    break;
                }
                if (!prompts) {
                    out.println("you> " + line);
                }
                dialogue.say(new Utterance(new Cause(Integer.toString(turn), 0, ""), line, true, cue, Long.MAX_VALUE));
                screen.awaitEnd();
            }
            dialogue.close();
        }
        return 0;
    }

    private void requireWithin(String option, float value, float most) {
        if (!(value >= 0 && value <= most)) { // NaN too
            throw new ParameterException(
                    java.util.Objects.requireNonNull(spec).commandLine(),
                    "%s must be 0 to %.0f, found %s".formatted(option, most, value));
        }
    }

    private DialogueSettings settings() {
        SamplingWish sampling = SamplingWish.of(temperature, seed);
        return new DialogueSettings(model, emotionModel, persona, sampling, false, Priority.NORMAL);
    }

    /** Labels by the name of the model. */
    private static Map<String, List<String>> labels(List<Host> hosts) {
        return hosts.stream()
                .flatMap(host -> host.residents().stream())
                .collect(Collectors.toMap(Resident::name, each -> each.card().labels()));
    }

    @SuppressWarnings("SystemConsoleNull") // it is null where a program embeds us
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }
}
