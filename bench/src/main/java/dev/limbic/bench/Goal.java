package dev.limbic.bench;

import java.util.Locale;

/**
 * A figure that we hold ourselves to.
 *
 * @param measured and wanted, in the same unit
 * @param atMost whether less is better
 */
public record Goal(String name, double measured, double wanted, String unit, boolean atMost) {
    /** What could not be measured here, such as beside a peer that is not there. */
    static Goal notMeasured(String name, double wanted, String unit, boolean atMost) {
        return new Goal(name, Double.NaN, wanted, unit, atMost);
    }

    /** {@code goal NAME: measured X, wanted Y, met|missed}, or {@code not measured} in place of the last and the first. */
    @Override
    public String toString() {
        if (Double.isNaN(measured)) {
            return String.format(
                    Locale.ROOT,
                    "goal %s: not measured, wanted %s %.2f %s",
                    name,
                    atMost ? "at most" : "at least",
                    wanted,
                    unit);
        }
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
