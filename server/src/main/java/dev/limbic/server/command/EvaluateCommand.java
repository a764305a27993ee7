package dev.limbic.server.command;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.Text;
import dev.limbic.model.Kinds;
import dev.limbic.model.Model;
import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.config.ServerConfig.PrecisionChoice;
import dev.limbic.server.evaluate.EmoBank;
import dev.limbic.server.evaluate.Evaluation;
import dev.limbic.server.evaluate.GoEmotions;
import dev.limbic.server.evaluate.Report;
import dev.limbic.server.runtime.Engine;
import dev.limbic.server.runtime.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code limbic evaluate}: scores the configured models on labelled data, in this process. */
@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        subcommands = {EvaluateDialogueCommand.class, EvaluateFacesCommand.class},
        description = {
            "Scores the models on GoEmotions, and their valence, arousal and dominance on EmoBank.",
            "The data folder holds goemotions/data/original/*.tsv and, optionally, emobank/corpus/emobank.csv."
        })
public final class EvaluateCommand implements Callable<Integer> {
    /** Share of f32's score that a precision must keep. */
    private static final Map<PrecisionChoice, Double> KEPT =
            Map.of(PrecisionChoice.BF16, 0.998, PrecisionChoice.INT8, 0.99);

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Option(names = "--data", paramLabel = "DIR", description = "Folder with the data sets; must be given.")
    private @Nullable Path data;

    @Option(names = "--model", paramLabel = "NAME", description = "Only this model; all configured ones if not given.")
    private @Nullable String model;

    @Option(names = "--split", paramLabel = "NAME", description = "train, dev or test (${DEFAULT-VALUE}).")
    private String split = "test";

    @Option(
            names = "--precisions",
            split = ",",
            paramLabel = "P",
            description = "Precisions to compare (f32,bf16,int8), the first one in detail.")
    private List<PrecisionChoice> precisions = List.of(PrecisionChoice.F32, PrecisionChoice.BF16, PrecisionChoice.INT8);

    @Override
    public Integer call() throws ConfigException, IOException {
        Path data = this.data;
        if (data == null) {
            throw new ParameterException(
                    java.util.Objects.requireNonNull(spec).commandLine(), "Missing required option: '--data=DIR'");
        }
        ServerConfig config = options.load();
        Path goEmotions = data.resolve("goemotions");
        List<String> labels = GoEmotions.labels(goEmotions);
        List<GoEmotions.Example> examples = GoEmotions.read(goEmotions, split, labels.size());
        Path emoBank = data.resolve("emobank/corpus/emobank.csv");
        Report report = new Report(System.out);
        for (ModelConfig each : Engine.ofKind(Kinds.TEXT, config.models())) {
            if (model != null && !model.equals(each.name())) {
                continue;
            }
            Map<PrecisionChoice, Evaluation> results = new EnumMap<>(PrecisionChoice.class);
            for (PrecisionChoice precision : precisions) {
                try (Host host = new Engine(config.cuda(), step -> {}).load(each.in(precision))) {
                    Model<Text, Encoding, float[], Emotions> loaded =
                            host.residents(Kinds.TEXT).getFirst().model();
                    if (!loaded.card().labels().equals(labels)) {
                        throw new IOException("model '" + each.name() + "' has other labels than GoEmotions: "
                                + loaded.card().labels());
                    }
                    boolean first = results.isEmpty();
                    List<Emotions> answers = answers(
                            loaded,
                            examples.stream().map(GoEmotions.Example::text).toList());
                    Evaluation result = Evaluation.of(labels, examples, answers);
                    results.put(precision, result);
                    if (first) {
                        report.detail(loaded.card(), split, result);
                        if (Files.exists(emoBank)) {
                            List<EmoBank.Sentence> sentences = EmoBank.read(emoBank);
                            report.affect(EmoBank.correlate(
                                    sentences,
                                    answers(
                                            loaded,
                                            sentences.stream()
                                                    .map(EmoBank.Sentence::text)
                                                    .toList())));
                        }
                    }
                    report.line(precision.name().toLowerCase(Locale.ROOT), result);
                }
            }
            KEPT.forEach((precision, share) -> report.kept(
                    each.name(), precision, results.get(PrecisionChoice.F32), results.get(precision), share));
        }
        return 0;
    }

    private static List<Emotions> answers(Model<Text, Encoding, float[], Emotions> model, List<String> texts) {
        try (Progress progress = new Progress(model.card().name(), texts.size())) {
            return Evaluation.answers(model, texts, progress::done);
        }
    }
}
