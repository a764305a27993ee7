package dev.limbic.server.command;

import dev.limbic.domain.Box;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.ClassifierCard;
import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.evaluate.FaceEvaluation;
import dev.limbic.server.evaluate.FacePictures;
import dev.limbic.server.evaluate.LabelScores;
import dev.limbic.server.evaluate.Report;
import dev.limbic.server.pipeline.AwaitedReading;
import dev.limbic.server.pipeline.FaceReading;
import dev.limbic.server.pipeline.FaceRequest;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.server.runtime.Services;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code limbic evaluate faces}: scores a model on pictures of faces with labels, in this process. */
@Command(
        name = "faces",
        mixinStandardHelpOptions = true,
        description = {
            "Scores a model on pictures of faces.",
            "The data folder holds a folder of pictures for each label, as FER2013 has it, or labels.csv with the columns",
            "file and label. Each picture is one face, unless faces are to be searched."
        })
public final class EvaluateFacesCommand implements Callable<Integer> {
    /** Pictures in memory, so that batches fill. */
    private static final int MOST_AT_ONCE = 64;

    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Option(names = "--data", paramLabel = "DIR", required = true, description = "Folder with the pictures.")
    private Path data = Path.of("");

    @Option(names = "--model", paramLabel = "NAME", description = "Model to ask; the default one if not given.")
    private String model = "";

    @Option(
            names = "--search",
            description = "Searches each picture and asks about its most certain face, instead of the whole picture.")
    private boolean search;

    @Option(names = "--finder", paramLabel = "NAME", description = "With --search: model that finds faces.")
    private String finder = "";

    @Option(names = "--leave-out", split = ",", paramLabel = "LABEL", description = "Passes over pictures so labelled.")
    private Set<String> leaveOut = Set.of();

    @Option(names = "--json", description = "Prints one JSON object.")
    private boolean json;

    /** What became of the pictures. */
    private static final class Answers {
        private final List<Integer> gold = new ArrayList<>();
        private final List<float[]> probabilities = new ArrayList<>();
        private final Map<Path, String> unreadable = new LinkedHashMap<>();
        private int withoutFace;
    }

    /** A picture that is being read. */
    private record Started(Path file, int gold, AwaitedReading reading) {}

    @Override
    public Integer call() throws ConfigException, IOException {
        ServerConfig config = options.load();
        List<FacePictures.Picture> pictures = FacePictures.read(data).stream()
                .filter(each -> !leaveOut.contains(each.label()))
                .toList();
        try (Services services = FaceServices.of(config)) {
            ClassifierCard card =
                    (ClassifierCard) services.catalog().faceReader(model).card();
            Map<String, Integer> ids = FacePictures.ids(pictures, card);
            Answers answers = answers(
                    services,
                    pictures,
                    ids,
                    Math.min(MOST_AT_ONCE, config.batch().queueRows()));
            answers.unreadable.forEach((file, why) -> System.err.println("limbic: " + file + ": " + why));
            if (answers.gold.isEmpty()) {
                throw new IOException(data + ": expected pictures with faces that can be read, found none of "
                        + pictures.size() + " files");
            }
            if (answers.probabilities.getFirst().length == 0) {
                throw new IOException(
                        "model '" + card.name() + "' gives numbers, not labels that could be right or wrong");
            }
            FaceEvaluation result = FaceEvaluation.of(card.labels(), answers.gold, answers.probabilities);
            PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            if (json) {
                out.println(Json.line(data(card, result, answers)));
            } else {
                new Report(out).faces(card, data.toString(), meanings(card, ids), result);
                if (search) {
                    out.printf(
                            "A face was found in %d pictures, none in %d; the figures are of the former.%n",
                            answers.gold.size(), answers.withoutFace);
                }
                if (!answers.unreadable.isEmpty()) {
                    out.printf("%d files could not be read.%n", answers.unreadable.size());
                }
            }
        }
        return 0;
    }

    private Answers answers(
            Services services, List<FacePictures.Picture> pictures, Map<String, Integer> ids, int atOnce)
            throws IOException {
        Answers answers = new Answers();
        Queue<Started> started = new ArrayDeque<>();
        try (Progress progress = new Progress("pictures", pictures.size())) {
            int done = 0;
            for (FacePictures.Picture picture : pictures) {
                if (started.size() == atOnce) {
                    finish(started.remove(), answers);
                }
                try {
                    Image image = new Image(new EncodedImage(Files.readAllBytes(picture.file())));
                    FaceRequest request = new FaceRequest(
                            model,
                            finder,
                            image,
                            search ? List.of() : List.of(Box.WHOLE),
                            Priority.NORMAL,
                            Long.MAX_VALUE);
                    int gold = Objects.requireNonNull(ids.get(picture.label()));
                    started.add(new Started(picture.file(), gold, AwaitedReading.start(services.faces(), request)));
                } catch (IOException | LimbicException.Invalid | LimbicException.TooLarge wrong) {
                    answers.unreadable.put(picture.file(), why(wrong));
                }
                progress.done(++done);
            }
            while (!started.isEmpty()) {
                finish(started.remove(), answers);
            }
        }
        return answers;
    }

    private static void finish(Started picture, Answers answers) {
        try {
            FaceReading reading = picture.reading().await();
            if (reading.faces().isEmpty()) {
                answers.withoutFace++;
                return;
            }
            answers.probabilities.add(
                    reading.faces().getFirst().emotions().value().probabilities());
            answers.gold.add(picture.gold());
        } catch (LimbicException.Invalid | LimbicException.TooLarge wrong) {
            answers.unreadable.put(picture.file(), why(wrong));
        }
    }

    private static String why(Exception wrong) {
        return wrong instanceof java.nio.file.NoSuchFileException
                ? "there is no such file"
                : String.valueOf(wrong.getMessage());
    }

    /** Which label of the model was taken for each of the data set, where they are not the same. */
    private static Map<String, String> meanings(ClassifierCard card, Map<String, Integer> ids) {
        Map<String, String> meanings = new LinkedHashMap<>();
        ids.forEach((label, id) -> {
            if (!label.equals(card.labels().get(id))) {
                meanings.put(label, card.labels().get(id));
            }
        });
        return meanings;
    }

    private Map<String, Object> data(ClassifierCard card, FaceEvaluation result, Answers answers) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("model", card.name());
        data.put("data", this.data.toString());
        data.put("pictures", answers.gold.size());
        data.put("without_face", answers.withoutFace);
        data.put("unreadable", answers.unreadable);
        data.put("accuracy", result.accuracy());
        data.put("macro_f1", result.scores().macroF1());
        data.put("calibration_error", result.calibrationError());
        Map<String, Object> labels = new LinkedHashMap<>();
        LabelScores scores = result.scores();
        for (int l = 0; l < scores.labels().size(); l++) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("precision", scores.precision(l));
            one.put("recall", scores.recall(l));
            one.put("f1", scores.f1(l));
            one.put("support", scores.support(l));
            Map<String, Integer> taken = new LinkedHashMap<>();
            for (int other = 0; other < card.labels().size(); other++) {
                taken.put(card.labels().get(other), result.confusion()[l][other]);
            }
            one.put("taken_for", taken);
            labels.put(scores.labels().get(l), one);
        }
        data.put("labels", labels);
        return data;
    }
}
