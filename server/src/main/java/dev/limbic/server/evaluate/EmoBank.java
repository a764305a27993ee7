package dev.limbic.server.evaluate;

import dev.limbic.domain.Affect;
import dev.limbic.domain.Emotions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** EmoBank (Buechel and Hahn 2017): sentences with valence, arousal and dominance from 1 to 5. */
public final class EmoBank {
    /** One sentence and its mean rating. */
    public record Sentence(String text, double valence, double arousal, double dominance) {}

    private EmoBank() {}

    /** Reads {@code emobank.csv}: id, split, V, A, D, text; the text may be quoted, quotes in it doubled. */
    public static List<Sentence> read(Path file) throws IOException {
        List<Sentence> sentences = new ArrayList<>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            String[] fields = line.split(",", 6);
            if (fields.length != 6) {
                throw new IOException(file + ":" + number + ": 6 fields expected, found " + fields.length);
            }
            if (number == 1) {
                continue; // the header
            }
            String text = fields[5];
            if (text.length() > 1 && text.startsWith("\"") && text.endsWith("\"")) {
                text = text.substring(1, text.length() - 1).replace("\"\"", "\"");
            }
            sentences.add(new Sentence(
                    text, Double.parseDouble(fields[2]), Double.parseDouble(fields[3]), Double.parseDouble(fields[4])));
        }
        return sentences;
    }

    /** Pearson's r of valence, arousal and dominance, [3]. */
    public static double[] correlate(List<Sentence> sentences, List<Emotions> answers) {
        Pearson valence = new Pearson();
        Pearson arousal = new Pearson();
        Pearson dominance = new Pearson();
        for (int i = 0; i < sentences.size(); i++) {
            Affect affect = Objects.requireNonNullElse(answers.get(i).affect(), Affect.NEUTRAL);
            valence.add(sentences.get(i).valence(), affect.valence());
            arousal.add(sentences.get(i).arousal(), affect.arousal());
            dominance.add(sentences.get(i).dominance(), affect.dominance());
        }
        return new double[] {valence.correlation(), arousal.correlation(), dominance.correlation()};
    }
}
