package dev.limbic.bench;

import java.util.Locale;

/**
 * A figure that we hold ourselves to.
 *
 * @param measured and wanted, in the same unit
 * @param atMost whether less is better
 */
public record Goal(String name, double measured, double wanted, String unit, boolean atMost) {
    /** {@code goal NAME: measured X, wanted Y, met|missed}. */
    @Override
    public String toString() {
        boolean met = atMost ? measured <= wanted : measured >= wanted;
        return String.format(
                Locale.ROOT,
                "goal %s: measured %.2f %s, wanted %s %.2f %s, %s",
                name,
                measured,
                unit,
                atMost ? "at most" : "at least",
                wanted,
                unit,
                met ? "met" : "missed");
    }
}
