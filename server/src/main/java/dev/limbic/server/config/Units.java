package dev.limbic.server.config;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes and durations as people write them. */
final class Units {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,12})\\s*(|B|KiB|MiB|GiB|kB|KB|MB|GB)");
    private static final Pattern DURATION = Pattern.compile("(\\d{1,12})\\s*(us|ms|s|m|h)");

    private Units() {}

    /**
     * Reads a size in bytes.
     *
     * @throws IllegalArgumentException if it is not a size; the message says what is
     */
    static long bytes(String text) {
        Matcher matcher = SIZE.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("is not a size; write bytes or a unit, such as 65536, 64KiB or 1MiB");
        }
        long factor = switch (matcher.group(2).toUpperCase(Locale.ROOT)) {
            case "KIB" -> 1L << 10;
            case "MIB" -> 1L << 20;
            case "GIB" -> 1L << 30;
            case "KB" -> 1_000L;
            case "MB" -> 1_000_000L;
            case "GB" -> 1_000_000_000L;
            default -> 1L;
        };
        // Far too much is out of any range, too.
        return (long) Math.min(Long.MAX_VALUE, (double) Long.parseLong(matcher.group(1)) * factor);
    }

    /**
     * Reads a duration.
     *
     * @throws IllegalArgumentException if it is not a duration; the message says what is
     */
    static Duration duration(String text) {
        Matcher matcher = DURATION.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("is not a duration; write a unit, such as 250us, 20ms, 10s or 2m");
        }
        long amount = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "us" -> Duration.ofNanos(amount * 1000);
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            default -> Duration.ofHours(amount);
        };
    }
}
