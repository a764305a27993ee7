package dev.limbic.server.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.Text;
import dev.limbic.model.Kinds;
import dev.limbic.model.Model;
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
import java.util.Objects;
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
            throw misused("--top must be 1 or more, found " + top);
        }
        ServerConfig config = options.load();
        try (Host host = new Engine(config.cuda(), step -> {}).load(chosen(config))) {
            Model<Text, Encoding, float[], Emotions> loaded =
                    host.residents(Kinds.TEXT).getFirst().model();
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
        List<ModelConfig> readers = Engine.ofKind(Kinds.TEXT, config.models());
        if (model == null) {
            return readers.stream()
                    .filter(ModelConfig::isDefault)
                    .findFirst()
                    .or(() -> readers.stream().findFirst())
                    .orElseThrow(() -> misused("the configuration has no text model"));
        }
        return readers.stream()
                .filter(each -> each.name().equals(model))
                .findFirst()
                .orElseThrow(() -> misused("no text model is called '%s'; configured are %s"
                        .formatted(
                                model,
                                String.join(
                                        ", ",
                                        readers.stream().map(ModelConfig::name).toList()))));
    }

    private ParameterException misused(String message) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
    }

    private void print(PrintStream out, Model<Text, Encoding, float[], Emotions> loaded, String line)
            throws JsonProcessingException {
        if (line.isBlank()) {
            throw misused("TEXT is empty; give at least one word");
        }
        long started = System.nanoTime();
        Encoding encoding = loaded.prepare(new Text(line));
        Emotions emotions = loaded.interpret(loaded.run(List.of(encoding)).getFirst());
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
                encoding.cost(),
                encoding.truncated() ? ", truncated" : "",
                millis);
    }
}
