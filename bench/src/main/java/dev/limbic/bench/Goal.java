package dev.limbic.bench;

import java.util.Locale;

/** One line per goal, the same in every bench command. */
final class Goal {
    private Goal() {}

    /** Prints {@code goal NAME: measured X, wanted Y, met|missed} for a value that should be large. */
    static void atLeast(String name, double measured, double wanted, String unit) {
        print(name, measured, "at least ", wanted, unit, measured >= wanted);
    }

    /** The same for a value that should be small. */
    static void atMost(String name, double measured, double wanted, String unit) {
        print(name, measured, "at most ", wanted, unit, measured <= wanted);
    }

    private static void print(String name, double measured, String sense, double wanted, String unit, boolean met) {
        System.out.printf(
                Locale.ROOT,
                "goal %s: measured %.3f%s, wanted %s%.3f%s, %s%n",
                name,
                measured,
                unit,
                sense,
                wanted,
                unit,
                met ? "met" : "missed");
    }
}
