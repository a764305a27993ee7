package dev.limbic.server.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.model.Kinds;
import dev.limbic.model.Model;
import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.runtime.Engine;
import dev.limbic.server.runtime.Host;
import dev.limbic.server.runtime.Services;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
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

/** {@code limbic analyze}: reads the emotions of a text, or of the faces of pictures, in this process, without a server. */
@Command(
        name = "analyze",
        mixinStandardHelpOptions = true,
        description = {
            "Reads the emotions of a text, of the faces of a picture, or of all pictures of a folder, without a server.",
            "Asserted labels are marked with *."
        })
public final class AnalyzeCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Parameters(
            paramLabel = "TEXT|FILE|FOLDER",
            description = {
                "The text; '-' reads standard input, one text per line. After '--' it may begin with a dash.",
                "A file called *.jpg, *.jpeg, *.png or *.webp, or a folder of such, is read as pictures."
            })
    private String text = "";

    @Option(names = "--model", paramLabel = "NAME", description = "Model to ask; the default one if not given.")
    private @Nullable String model;

    @Option(names = "--finder", paramLabel = "NAME", description = "Of a picture: model that finds faces.")
    private String finder = "";

    @Option(names = "--whole", description = "Of a picture: it is one face, nothing is searched.")
    private boolean whole;

    @Option(
            names = "--annotate",
            paramLabel = "FILE.png",
            description = "Of a picture: writes a copy with boxes and bars.")
    private @Nullable Path annotate;

    @Option(names = "--json", description = "Prints one JSON object per text or picture.")
    private boolean json;

    @Option(names = "--top", paramLabel = "N", description = "Number of labels to print (${DEFAULT-VALUE}).")
    private int top = 5;

    @Override
    public Integer call() throws ConfigException, IOException {
        if (top < 1) {
            throw misused("--top must be 1 or more, found " + top);
        }
        ServerConfig config = options.load();
        Path path = file();
        if (path != null && PictureFiles.mayBe(path)) {
            return pictures(config, path);
        }
        if (path != null && PictureFiles.isPicture(path)) {
            throw misused("there is no picture " + path);
        }
        if (annotate != null || whole) {
            throw misused("--annotate and --whole are for pictures");
        }
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

    /** What was given as a path, or null where it cannot be one. */
    private @Nullable Path file() {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            return null;
        }
    }

    private int pictures(ServerConfig config, Path path) throws IOException {
        List<Path> files = PictureFiles.in(path);
        if (files.isEmpty()) {
            throw misused("there is no picture in " + path);
        }
        if (annotate != null && files.size() > 1) {
            throw misused("--annotate takes one picture, found " + files.size());
        }
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        int failed = 0;
        try (Services services = FaceServices.of(config)) {
            PictureAnalysis analysis =
                    new PictureAnalysis(services, model == null ? "" : model, finder, whole, top, json, annotate);
            for (Path each : files) {
                try {
                    analysis.print(out, each);
                } catch (LimbicException.Invalid | LimbicException.TooLarge wrong) {
                    if (files.size() == 1) {
                        throw wrong;
                    }
                    System.err.println("limbic: " + each + ": " + wrong.getMessage());
                    failed++;
                }
            }
        }
        return failed == 0 ? 0 : 1;
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
            out.println(Json.line(Tables.data(loaded.card(), emotions, encoding.truncated())));
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
