package dev.limbic.model;

import dev.limbic.domain.StreamState;
import dev.limbic.ops.StatePool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The frames of a batch by stream: those of one stream follow each other in the order of the batch, as one sequence; each
 * frame without a stream, or whose stream is closed, is a sequence of its own. B sequences, T frames.
 *
 * @param order which frame of the batch lies in each row, [T]
 * @param bounds where sequences begin, [B + 1]
 * @param streams of each sequence, null for none, [B]
 * @param from slots that sequences begin with, {@link StatePool#NONE} for zeros, [B]
 * @param into slots that they leave their state in, {@link StatePool#NONE} to leave none, [B]
 * @param lost whether a sequence should have begun with a state that is gone, [B]
 */
record Clips(int[] order, int[] bounds, List<@Nullable StreamState> streams, int[] from, int[] into, boolean[] lost) {
    /** Keeps what was being written when a batch failed: nobody knows what it is. */
    private static final Object NOBODY = new Object();

    /** @param states where streams keep their state now */
    static Clips of(List<PreparedFrame> frames, StatePool states) {
        Map<StreamState, Integer> known = new HashMap<>();
        List<@Nullable StreamState> streams = new ArrayList<>();
        List<List<Integer>> sequences = new ArrayList<>();
        List<Integer> slots = new ArrayList<>();
        for (int i = 0; i < frames.size(); i++) {
            StreamState stream = frames.get(i).stream();
            Integer sequence = stream == null ? null : known.get(stream);
            if (sequence == null) {
                sequence = sequences.size();
                int slot = stream == null ? StreamState.NONE : stream.slot();
                boolean open = slot != StreamState.NONE;
                if (open) {
                    known.put(stream, sequence);
                }
                streams.add(open ? stream : null);
                slots.add(open ? slot : StatePool.NONE);
                sequences.add(new ArrayList<>());
            }
            sequences.get(sequence).add(i);
        }
        int count = sequences.size();
        int[] bounds = new int[count + 1];
        int[] into = new int[count];
        int[] from = new int[count];
        boolean[] lost = new boolean[count];
        for (int b = 0; b < count; b++) {
            bounds[b + 1] = bounds[b] + sequences.get(b).size();
            into[b] = slots.get(b);
            StreamState stream = streams.get(b);
            Object keeper = stream == null ? null : stream.keeper();
            from[b] = states.equals(keeper) ? into[b] : StatePool.NONE;
            lost[b] = keeper != null && !states.equals(keeper);
        }
        int[] order = sequences.stream()
                .flatMap(List::stream)
                .mapToInt(Integer::intValue)
                .toArray();
        return new Clips(order, bounds, streams, from, into, lost);
    }

    /** The frames in the order of the sequences. */
    <T> List<T> inOrder(List<T> frames) {
        return Arrays.stream(order).mapToObj(frames::get).toList();
    }

    /** States are about to be overwritten: if that fails, those that there were are lost. */
    void overwriting() {
        for (StreamState stream : streams) {
            if (stream != null && stream.keeper() != null) {
                stream.keptBy(NOBODY);
            }
        }
    }

    /** All states were written. */
    void written(StatePool states) {
        for (StreamState stream : streams) {
            if (stream != null) {
                stream.keptBy(states);
            }
        }
    }

    /**
     * What was computed, in the order of the batch.
     *
     * @param rows logits in the order of the sequences, [T]
     */
    List<FrameLogits> results(List<float[]> rows) {
        FrameLogits[] results = new FrameLogits[order.length];
        for (int b = 0; b < streams.size(); b++) {
            for (int row = bounds[b]; row < bounds[b + 1]; row++) {
                results[order[row]] = new FrameLogits(rows.get(row), lost[b] && row == bounds[b]);
            }
        }
        return List.of(results);
    }
}
