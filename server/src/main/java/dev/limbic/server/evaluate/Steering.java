package dev.limbic.server.evaluate;

import dev.limbic.domain.CanonicalEmotion;
import java.io.PrintStream;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How often the emotion that was asked for is the one that is heard. */
public final class Steering {
    private static final CanonicalEmotion[] EMOTIONS = CanonicalEmotion.values();

    private final Map<CanonicalEmotion, int[]> heard = new EnumMap<>(CanonicalEmotion.class);
    private final int[] unsteered = new int[EMOTIONS.length];
    private final int contexts;

    /** @param contexts replies per emotion */
    public Steering(int contexts) {
        this.contexts = contexts;
    }

    /** Index of the strongest canonical emotion. */
    public static int strongest(float[] canonical) {
        int best = 0;
        for (int i = 1; i < canonical.length; i++) {
            best = canonical[i] > canonical[best] ? i : best;
        }
        return best;
    }

    /** Counts replies to one emotion; null for replies that were not steered. */
    public void add(@org.jspecify.annotations.Nullable CanonicalEmotion asked, List<float[]> replies) {
        int[] counts = asked == null ? unsteered : heard.computeIfAbsent(asked, key -> new int[EMOTIONS.length]);
        replies.forEach(canonical -> counts[strongest(canonical)]++);
    }

    /** Mean over emotions of the share of replies in which the emotion asked for is heard. */
    public double mean(boolean steered) {
        double sum = 0;
        for (CanonicalEmotion emotion : heard.keySet()) {
            sum += share(emotion, steered);
        }
        return sum / heard.size();
    }

    private double share(CanonicalEmotion asked, boolean steered) {
        int[] counts = steered ? heard.getOrDefault(asked, new int[EMOTIONS.length]) : unsteered;
        for (int i = 0; i < EMOTIONS.length; i++) {
            if (EMOTIONS[i] == asked) {
                return (double) counts[i] / contexts;
            }
        }
        return 0;
    }

    /** Prints a table that reads well in a terminal and in Markdown: row asked, column heard. */
    public void print(PrintStream out) {
        out.printf(Locale.ROOT, "| %-10s | %9s | %9s |", "asked", "match", "unsteered");
        for (CanonicalEmotion emotion : EMOTIONS) {
            out.printf(Locale.ROOT, " %8s |", emotion.name().toLowerCase(Locale.ROOT));
        }
        out.printf(Locale.ROOT, "%n|------------|----------:|----------:|%s%n", "---------:|".repeat(EMOTIONS.length));
        for (Map.Entry<CanonicalEmotion, int[]> row : heard.entrySet()) {
            out.printf(
                    Locale.ROOT,
                    "| %-10s | %9.3f | %9.3f |",
                    row.getKey().name().toLowerCase(Locale.ROOT),
                    share(row.getKey(), true),
                    share(row.getKey(), false));
            for (int count : row.getValue()) {
                out.printf(Locale.ROOT, " %8d |", count);
            }
            out.println();
        }
        out.printf(Locale.ROOT, "| %-10s | %9s | %9s |", "(nothing)", "", "");
        for (int count : unsteered) {
            out.printf(Locale.ROOT, " %8d |", count);
        }
        out.printf(
                Locale.ROOT,
                "%n%nmean over emotions: %.3f steered, %.3f not steered (%d replies each)%n",
                mean(true),
                mean(false),
                contexts);
    }
}
