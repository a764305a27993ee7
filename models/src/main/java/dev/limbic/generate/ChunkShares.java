package dev.limbic.generate;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * How the prompts that are not computed yet share a chunk. Half of it goes by urgency, so that every prompt is done at
 * last; the rest to those that lack least, so that a short prompt does not wait for long ones before it.
 */
final class ChunkShares {
    private ChunkShares() {}

    /**
     * Shares a chunk.
     *
     * @param missing tokens that each prompt lacks, most urgent first
     * @return tokens of each in this chunk: all that it lacks, or in all {@code chunkTokens}
     */
    static int[] of(int[] missing, int chunkTokens) {
        int[] shares = new int[missing.length];
        int byUrgency = (chunkTokens + 1) / 2;
        int left = chunkTokens - byUrgency;
        for (int i = 0; i < missing.length; i++) {
            shares[i] = Math.min(byUrgency, missing[i]);
            byUrgency -= shares[i];
        }
        left += byUrgency;
        int[] shortestFirst = IntStream.range(0, missing.length)
                .boxed()
                .sorted(Comparator.comparingInt(i -> missing[i] - shares[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int i : shortestFirst) {
            int more = Math.min(left, missing[i] - shares[i]);
            shares[i] += more;
            left -= more;
        }
        return shares;
    }
}
