package dev.limbic.weights;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Finds what a missing name may have meant. */
final class Nearest {
    private static final int SHOWN = 3;
    private static final int FAMILY = 4;

    private Nearest() {}

    /** Such as {@code ; nearest: 'a.weight', 'b.weight'}, or nothing when no candidate is similar. */
    static String hint(String wanted, Collection<String> candidates) {
        record Scored(String name, int distance) {}
        List<String> near = candidates.stream()
                .filter(c -> Math.abs(c.length() - wanted.length()) <= wanted.length() / 2)
                .map(c -> new Scored(c, distance(wanted, c)))
                .filter(s -> s.distance() <= Math.max(2, wanted.length() / 3))
                .sorted(Comparator.comparingInt(Scored::distance).thenComparing(Scored::name))
                .limit(SHOWN)
                .map(s -> "'" + s.name() + "'")
                .toList();
        return near.isEmpty() ? "" : "; nearest: " + String.join(", ", near);
    }

    /** The candidate of the same family, which is what a class name begins with, else the most similar one. */
    static String relative(String wanted, Collection<String> candidates) {
        return candidates.stream()
                .min(Comparator.<String>comparingInt(c -> -sameBeginning(wanted, c))
                        .thenComparingInt(c -> distance(wanted, c)))
                .orElseThrow();
    }

    /** Length of the common beginning, if that is as long as the shortest name of a family. */
    private static int sameBeginning(String a, String b) {
        int length = 0;
        while (length < Math.min(a.length(), b.length()) && a.charAt(length) == b.charAt(length)) {
            length++;
        }
        return length >= FAMILY ? length : 0;
    }

    /** Levenshtein distance. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replace = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replace, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
