package dev.limbic.server.evaluate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;

/** The GoEmotions data set (Demszky et al. 2020) as its authors publish it: TSV of text, label ids and comment id. */
public final class GoEmotions {
    /** One comment. */
    public record Example(String text, BitSet labels) {}

    /** The seven groups, in alphabetical order. */
    public static final List<String> EKMAN =
            List.of("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise");

    private static final Map<String, List<String>> GROUPS = Map.of(
            "anger", List.of("anger", "annoyance", "disapproval"),
            "disgust", List.of("disgust"),
            "fear", List.of("fear", "nervousness"),
            "joy",
                    List.of(
                            "joy",
                            "amusement",
                            "approval",
                            "excitement",
                            "gratitude",
                            "love",
                            "optimism",
                            "relief",
                            "pride",
                            "admiration",
                            "desire",
                            "caring"),
            "neutral", List.of("neutral"),
            "sadness", List.of("sadness", "disappointment", "embarrassment", "grief", "remorse"),
            "surprise", List.of("surprise", "realization", "confusion", "curiosity"));

    private GoEmotions() {}

    /** Label names in id order from {@code data/original/labels.txt} below {@code folder}. */
    public static List<String> labels(Path folder) throws IOException {
        return Files.readAllLines(folder.resolve("data/original/labels.txt")).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
    }

    /** The examples of a split: {@code train}, {@code dev} or {@code test}. */
    public static List<Example> read(Path folder, String split, int labels) throws IOException {
        Path file = folder.resolve("data/original/" + split + ".tsv");
        List<Example> examples = new ArrayList<>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            String[] fields = line.split("\t", -1);
            if (fields.length != 3) {
                throw new IOException(file + ":" + number + ": 3 fields expected, found " + fields.length);
            }
            BitSet gold = new BitSet();
            for (String id : fields[1].split(",", -1)) {
                int label = Integer.parseInt(id);
                if (label < 0 || label >= labels) {
                    throw new IOException(
                            file + ":" + number + ": label id below " + labels + " expected, found " + id);
                }
                gold.set(label);
            }
            examples.add(new Example(fields[0], gold));
        }
        return examples;
    }

    /** Ekman group of a label, as the data set's authors group them. */
    public static int group(String label) {
        for (int g = 0; g < EKMAN.size(); g++) {
            if (GROUPS.getOrDefault(EKMAN.get(g), List.of()).contains(label)) {
                return g;
            }
        }
        throw new IllegalArgumentException("not a GoEmotions label: " + label);
    }

    /** The groups of a set of labels. */
    public static BitSet groups(BitSet set, List<String> labels) {
        BitSet groups = new BitSet();
        set.stream().forEach(label -> groups.set(group(labels.get(label))));
        return groups;
    }
}
