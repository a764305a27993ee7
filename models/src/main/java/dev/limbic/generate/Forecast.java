package dev.limbic.generate;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When texts will have the tokens that they are worth waiting for, if steps go on as they do: those that run gain a token
 * with each step, prompts are computed in chunks one after the other, and those that wait follow in their order as places
 * become free. What will be submitted later is not known; it may be assumed that others like them follow those that end.
 */
final class Forecast {
    private static final int MOST_ROUNDS = 4096;

    /**
     * What a text still takes.
     *
     * @param promptRows rows that are computed before its next token
     * @param tokens that it will still gain before it ends, about
     * @param goal how many more it is worth waiting for; 0 if it has them
     */
    record Text(int promptRows, int tokens, int goal) {}

    private final StepTimes.Cost cost;
    private final int chunkTokens;
    private final int places;
    private final @Nullable Text follower;

    private final int[] rows;
    private final int[] tokens;
    private final int[] goals;
    private final double[] reached;
    /** Texts that have a place: their indices, rising. */
    private final int[] present;

    private int presentCount;
    private int admitted;
    private double now;

    /** Texts whose goal is ahead. */
    private int open;

    private Forecast(StepTimes.Cost cost, int chunkTokens, int places, List<Text> texts, @Nullable Text follower) {
        this.cost = cost;
        this.chunkTokens = chunkTokens;
        this.places = places;
        this.follower = follower;
        rows = texts.stream().mapToInt(Text::promptRows).toArray();
        tokens = texts.stream().mapToInt(Text::tokens).toArray();
        goals = texts.stream().mapToInt(Text::goal).toArray();
        reached = new double[texts.size()];
        present = new int[texts.size()];
        Arrays.fill(reached, Double.NaN);
    }

    /**
     * Nanoseconds from now to each text's goal.
     *
     * @param places most texts that run at a time
     * @param texts those that run first, then those that wait, in the order in which they get places
     * @param follower takes the place of each text that ends when no other waits; null for none
     */
    static double[] goals(StepTimes.Cost cost, int chunkTokens, int places, List<Text> texts, @Nullable Text follower) {
        Forecast forecast = new Forecast(cost, chunkTokens, places, texts, follower);
        forecast.run();
        return forecast.reached;
    }

    private void run() {
        for (int i = 0; i < goals.length; i++) {
            if (goals[i] > 0) {
                open++;
            } else {
                reached[i] = 0;
            }
        }
        for (int round = 0; round < MOST_ROUNDS && open > 0; round++) {
            admit();
            advance();
        }
        for (int i = 0; i < reached.length; i++) {
            reached[i] = Double.isNaN(reached[i]) ? now : reached[i];
        }
    }

    private void admit() {
        while (presentCount < places && admitted < tokens.length) {
            present[presentCount++] = admitted++;
        }
    }

    /** As many steps as are alike, or one. */
    private void advance() {
        int running = 0;
        int missing = 0;
        int firstPrompt = 0;
        int alike = Integer.MAX_VALUE;
        for (int p = 0; p < presentCount; p++) {
            int i = present[p];
            if (rows[i] == 0) {
                running++;
                alike = Math.min(alike, Math.max(1, tokens[i]));
            } else {
                firstPrompt = missing == 0 ? rows[i] : firstPrompt;
                missing += rows[i];
            }
        }
        if (missing > 0) {
            alike = Math.clamp(firstPrompt / chunkTokens, 1, alike);
        }
        double step = cost.step(running, Math.min(chunkTokens, missing));
        for (int p = 0; p < presentCount; p++) {
            if (rows[present[p]] == 0) {
                gain(present[p], alike, step);
            }
        }
        int chunk = Math.min(missing, chunkTokens * alike);
        now += alike * step;
        for (int p = 0; p < presentCount && chunk > 0; p++) {
            int i = present[p];
            int share = Math.min(chunk, rows[i]);
            rows[i] -= share;
            chunk -= share;
            if (share > 0 && rows[i] == 0) {
                gain(i, 1, 0); // the first token follows from the prompt's last row
            }
        }
        leave();
    }

    private void gain(int i, int count, double step) {
        if (Double.isNaN(reached[i]) && goals[i] <= count) {
            reached[i] = now + goals[i] * step;
            open--;
        }
        goals[i] -= count;
        tokens[i] -= count;
    }

    private void leave() {
        int stay = 0;
        for (int p = 0; p < presentCount; p++) {
            int i = present[p];
            boolean ended = rows[i] == 0 && tokens[i] <= 0 && goals[i] <= 0;
            if (ended && follower != null && admitted == rows.length) {
                rows[i] = follower.promptRows();
                tokens[i] = follower.tokens();
                ended = false;
            }
            if (!ended) {
                present[stay++] = i;
            }
        }
        presentCount = stay;
    }
}
