package dev.limbic.server.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.model.TextModel;
import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.runtime.Engine;
import dev.limbic.server.runtime.Host;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code limbic analyze "text"}: reads the emotions of a text in this process, without a server. */
@Command(
        name = "analyze",
        mixinStandardHelpOptions = true,
        description = "Reads the emotions of a text, without a server. Asserted labels are marked with *.")
public final class AnalyzeCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Parameters(
            paramLabel = "TEXT",
            description = "The text; '-' reads standard input, one text per line. After '--' it may begin with a dash.")
    private String text = "";

    @Option(names = "--model", paramLabel = "NAME", description = "Model to ask; the default one if not given.")
    private @Nullable String model;

    @Option(names = "--json", description = "Prints one JSON object per text.")
    private boolean json;

    @Option(names = "--top", paramLabel = "N", description = "Number of labels to print (${DEFAULT-VALUE}).")
    private int top = 5;

    private final ObjectMapper mapper = new ObjectMapper();

    @Override
    public Integer call() throws ConfigException, IOException {
        if (top < 1) {
            throw new ParameterException(
                    java.util.Objects.requireNonNull(spec).commandLine(), "--top must be 1 or more, found " + top);
        }
        ServerConfig config = options.load();
        try (Host host = new Engine(config.cuda(), step -> {}).load(chosen(config))) {
            TextModel loaded = host.models().getFirst();
            PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            if (!text.equals("-")) {
                print(out, loaded, text);
                return 0;
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isBlank()) {
                    print(out, loaded, line);
                }
            }
            return 0;
        }
    }

    private ModelConfig chosen(ServerConfig config) {
        String name = model == null ? config.defaultModel() : model;
        return config.models().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ParameterException(
                        java.util.Objects.requireNonNull(spec).commandLine(),
                        "no model is called '%s'; configured are %s"
                                .formatted(
                                        name,
                                        String.join(
                                                ", ",
                                                config.models().stream()
                                                        .map(ModelConfig::name)
                                                        .toList()))));
    }

    private void print(PrintStream out, TextModel loaded, String line) throws JsonProcessingException {
        if (line.isBlank()) {
            throw new ParameterException(
                    java.util.Objects.requireNonNull(spec).commandLine(), "TEXT is empty; give at least one word");
        }
        long started = System.nanoTime();
        Encoding encoding = loaded.encode(line);
        Emotions emotions = loaded.interpret(loaded.logits(List.of(encoding))[0]);
        double millis = (System.nanoTime() - started) / 1e6;
        if (json) {
            out.println(mapper.writeValueAsString(Tables.data(loaded.card(), emotions, encoding.truncated())));
            return;
        }
        out.println(line);
        out.print(Tables.emotions(loaded.card(), emotions, top));
        out.printf(
                Locale.ROOT,
                "  %s (%s on %s), %d tokens%s, %.1f ms%n%n",
                loaded.card().name(),
                loaded.card().precision(),
                loaded.card().device(),
                encoding.tokens(),
                encoding.truncated() ? ", truncated" : "",
                millis);
    }
}
