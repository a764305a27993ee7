package dev.limbic.ops.cuda;

import dev.limbic.ops.Sequences;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The order in which cuDNN wants the rows of a flat batch: sequences by falling length, all first rows, all second rows
 * and so on, without padding.
 *
 * @param order sequences by falling length, [B]
 * @param lengths of the sequences in that order, [B]
 * @param rows flat row of each packed row, [T]
 * @param places packed row of each flat row, [T]
 */
record Packing(int[] order, int[] lengths, int[] rows, int[] places) {
    static Packing of(Sequences sequences) {
        int[] order = IntStream.range(0, sequences.count())
                .boxed()
                .sorted(Comparator.comparingInt(b -> -sequences.length(b))) // a stable sort
                .mapToInt(Integer::intValue)
                .toArray();
        int[] lengths = IntStream.of(order).map(sequences::length).toArray();
        int[] rows = new int[sequences.tokens()];
        int[] places = new int[rows.length];
        int running = order.length;
        int next = 0;
        for (int t = 0; t < lengths[0]; t++) {
            while (lengths[running - 1] <= t) {
                running--;
            }
            for (int i = 0; i < running; i++) {
                int row = sequences.first(order[i]) + t;
                rows[next] = row;
                places[row] = next++;
            }
        }
        return new Packing(order, lengths, rows, places);
    }

    /** For each sequence in its own order, and in it each direction, the row of its state in cuDNN's [D·B, H]. */
    int[] unpackedStates(int directions) {
        int count = order.length;
        int[] rows = new int[count * directions];
        for (int i = 0; i < count; i++) {
            for (int d = 0; d < directions; d++) {
                rows[order[i] * directions + d] = d * count + i;
            }
        }
        return rows;
    }

    /** The reverse: for each row of cuDNN's states the row of [B·D, H]. */
    int[] packedStates(int directions) {
        int[] rows = new int[order.length * directions];
        int[] unpacked = unpackedStates(directions);
        for (int i = 0; i < unpacked.length; i++) {
            rows[unpacked[i]] = i;
        }
        return rows;
    }
}
