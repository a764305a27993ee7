package dev.limbic.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Gathers the sequences of a step and how many rows each has in it. */
final class StepBuilder {
    /**
     * A sequence's part of the step.
     *
     * @param rows its new rows
     * @param sampled whether its next token follows from the last of them
     */
    record Part(Sequence sequence, int rows, boolean sampled) {}

    private final List<Part> parts = new ArrayList<>();
    private int decoding;

    /**
     * A sequence computes so many more of the tokens that it lacks, of its prompt or of what it generated; all of the
     * latter kind come before all prompts.
     */
    void add(Sequence sequence, int rows) {
        Part part = new Part(sequence, rows, rows == sequence.missing());
        if (sequence.isPastPrompt()) {
            parts.add(decoding++, part);
        } else {
            parts.add(part);
        }
    }

    List<Part> parts() {
        return parts;
    }

    /** Sequences that go on with what they have generated. */
    int decoding() {
        return decoding;
    }

    /** Rows of prompts. */
    int promptRows() {
        return parts.stream().skip(decoding).mapToInt(Part::rows).sum();
    }

    /** Sequences whose next token follows from the step. */
    long sampled() {
        return parts.stream().filter(Part::sampled).count();
    }

    @Nullable
    Step build(NextTokenPlanner planner) {
        if (parts.isEmpty()) {
            return null;
        }
        int count = parts.size();
        int[] bounds = new int[count + 1];
        for (int b = 0; b < count; b++) {
            bounds[b + 1] = bounds[b] + parts.get(b).rows();
        }
        int[] ids = new int[bounds[count]];
        int[] positions = new int[bounds[count]];
        int[] slots = new int[bounds[count]];
        int[] contexts = new int[count];
        int[][] tables = new int[count][];
        for (int b = 0; b < count; b++) {
            Sequence sequence = parts.get(b).sequence();
            int first = sequence.computed();
            for (int row = bounds[b]; row < bounds[b + 1]; row++) {
                int position = first + row - bounds[b];
                ids[row] = sequence.history.tokens()[position];
                positions[row] = position;
                slots[row] = sequence.slot(position);
            }
            contexts[b] = first + parts.get(b).rows();
            tables[b] = sequence.table(contexts[b]);
        }
        int[] logitRows = IntStream.range(0, count)
                .filter(b -> parts.get(b).sampled())
                .map(b -> bounds[b + 1] - 1)
                .toArray();
        List<NextToken> nextTokens = parts.stream()
                .filter(Part::sampled)
                .map(part -> planner.of(
                        part.sequence().rules,
                        part.sequence().history,
                        part.sequence().nearlyFull()))
                .toList();
        return new Step(ids, positions, slots, bounds, contexts, tables, logitRows, nextTokens, decoding);
    }
}
