package dev.limbic.server.evaluate;

import dev.limbic.model.ClassifierCard;
import dev.limbic.model.ModelCard;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Prints evaluations as tables that read well in a terminal and in Markdown. */
public final class Report {
    private final PrintStream out;

    public Report(PrintStream out) {
        this.out = out;
    }

    /** Scores per label, per group, and the confusion of groups. */
    public void detail(ModelCard card, String split, Evaluation result) {
        print(
                "%n## %s (%s, %s, %d parameters), GoEmotions %s split%n%n",
                card.name(), card.architecture(), card.precision(), card.parameters(), split);
        scores(result.labels());
        print("%n");
        scores(result.groups());
        print("%nConfusion of examples of one group: row gold, column group of the most probable label%n%n");
        confusion(GoEmotions.EKMAN, GoEmotions.EKMAN, result.confusion());
        print("%nPublished macro-F1: BERT-base .46 (28 labels) and .64 (Ekman); a replication .503 and .624;"
                + " BiLSTM .41 (28 labels)%n%n");
    }

    /**
     * Scores of pictures per label, and their confusion.
     *
     * @param meanings labels of the data set that the model has by another name, with that name
     */
    public void faces(ClassifierCard card, String data, Map<String, String> meanings, FaceEvaluation result) {
        print(
                "%n## %s (%s, %s, %d parameters), faces of %s%n%n",
                card.name(), card.architecture(), card.precision(), card.parameters(), data);
        if (!meanings.isEmpty()) {
            print("Taken for the same: ");
            meanings.forEach((told, label) -> print("%s is %s; ", told, label));
            print("%n%n");
        }
        scores(result.scores());
        print("%nConfusion: row label of the data set, column most probable label%n%n");
        confusion(result.scores().labels(), card.labels(), result.confusion());
        print(
                "%naccuracy %.4f, macro-F1 %.4f, calibration error %.4f of %d pictures%n",
                result.accuracy(),
                result.scores().macroF1(),
                result.calibrationError(),
                IntStream.range(0, result.scores().labels().size())
                        .map(result.scores()::support)
                        .sum());
    }

    private void confusion(List<String> rows, List<String> columns, int[][] counts) {
        int first = longest(rows, "disgusted".length());
        int others = longest(columns, "surprise".length());
        print("| %-" + first + "s |", "");
        columns.forEach(name -> print(" %" + others + "s |", name));
        print("%n|%s|%s%n", "-".repeat(first + 2), ("-".repeat(others + 1) + ":|").repeat(columns.size()));
        for (int row = 0; row < rows.size(); row++) {
            print("| %-" + first + "s |", rows.get(row));
            for (int n : counts[row]) {
                print(" %" + others + "d |", n);
            }
            print("%n");
        }
    }

    private static int longest(List<String> names, int least) {
        return Math.max(least, names.stream().mapToInt(String::length).max().orElse(0));
    }

    private void scores(LabelScores scores) {
        print("| %-15s | precision | recall |    F1 | support |%n", "label");
        print("|-----------------|----------:|-------:|------:|--------:|%n");
        for (int l = 0; l < scores.labels().size(); l++) {
            print(
                    "| %-15s | %9.3f | %6.3f | %5.3f | %7d |%n",
                    scores.labels().get(l), scores.precision(l), scores.recall(l), scores.f1(l), scores.support(l));
        }
        print("| %-15s |           |        | %5.3f |         |%n", "macro average", scores.macroF1());
    }

    /** Correlation with human ratings. */
    public void affect(double[] pearson) {
        print(
                "EmoBank, Pearson's r: valence %.3f, arousal %.3f, dominance %.3f%n%n",
                pearson[0], pearson[1], pearson[2]);
    }

    /** One line per precision. */
    public void line(String precision, Evaluation result) {
        print(
                "%-5s macro-F1 of 28 labels %.4f, micro %.4f; of Ekman groups %.4f; top label right %.4f%n",
                precision,
                result.labels().macroF1(),
                result.labels().microF1(),
                result.groups().macroF1(),
                result.topOne());
    }

    /** The goal of a precision: what share of f32's macro-F1 and top-label accuracy it keeps. */
    public void kept(
            String model, Enum<?> precision, @Nullable Evaluation f32, @Nullable Evaluation other, double wanted) {
        if (f32 == null || other == null) {
            return;
        }
        String name = model + "-" + precision.name().toLowerCase(Locale.ROOT);
        goal(name + "-accuracy", other.topOne() / f32.topOne(), wanted);
        goal(name + "-macro-f1", other.labels().macroF1() / f32.labels().macroF1(), wanted);
    }

    private void goal(String name, double measured, double wanted) {
        print(
                "goal %s: measured %.4f of f32, wanted at least %.3f, %s%n",
                name, measured, wanted, measured >= wanted ? "met" : "missed");
    }

    @SuppressWarnings("AnnotateFormatMethod") // private, and no dependency for one annotation
    private void print(String format, Object... values) {
        out.printf(Locale.ROOT, format, values);
    }
}
