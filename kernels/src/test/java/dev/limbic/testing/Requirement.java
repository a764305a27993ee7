package dev.limbic.testing;

import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;

/** What {@code -Dlimbic.require} (a list with commas) says must be there, so that tests of it fail instead of being skipped. */
public final class Requirement {
    private Requirement() {}

    /** Whether {@code what} is on the list. */
    public static boolean isRequired(String what) {
        return Arrays.asList(System.getProperty("limbic.require", "").split(",", -1))
                .contains(what);
    }

    /** Skips the calling test with a reason, or fails it where {@code what} is required. */
    public static void isAbsent(String what, String reason) {
        if (isRequired(what)) {
            throw new AssertionError(what + " is required: " + reason);
        }
        Assumptions.abort(what + ": " + reason);
    }
}
