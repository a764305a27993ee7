package dev.limbic.server.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what somebody probably meant. */
final class Nearest {
    private Nearest() {}

    /** {@code , did you mean 'x'?} or, if nothing is near, a list of what is valid. */
    static String hint(String given, Collection<String> valid) {
        return of(given, valid)
                .map(near -> ", did you mean '" + near + "'?")
                .orElse("; valid here: " + String.join(", ", valid));
    }

    static Optional<String> of(String given, Collection<String> valid) {
        int bound = Math.max(2, given.length() / 3);
        return valid.stream()
                .filter(each -> distance(given, each) <= bound)
                .min(Comparator.comparingInt(each -> distance(given, each)));
    }

    /** Levenshtein distance: least number of insertions, deletions and replacements. */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
