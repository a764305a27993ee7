package dev.limbic.model;

import dev.limbic.domain.Encoding;
import dev.limbic.ops.Device;
import dev.limbic.ops.Extent;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * Token sequences of several requests, one behind the other. B sequences, T tokens; behind them there may be padding, as
 * sequences of their own that nobody reads.
 *
 * @param device where the batch lies
 * @param count sequences that matter
 * @param ids token ids on the host, [T]
 * @param tokens {@code ids} on the device
 * @param sequences on the device
 */
record FlatBatch(Device device, int count, int[] ids, Tensor tokens, Sequences sequences) {
    /** Uploads the batch as it is. */
    static FlatBatch of(Device device, List<Encoding> encodings) {
        int[] bounds = bounds(encodings);
        int[] ids = ids(encodings, bounds);
        return new FlatBatch(device, encodings.size(), ids, device.upload(ids), Sequences.on(device, bounds));
    }

    /** Uploads the batch, padded as the device wishes for work that it records. */
    static FlatBatch padded(Device device, List<Encoding> encodings) {
        int[] bounds = bounds(encodings);
        int count = encodings.size();
        int longest = 0;
        for (int b = 0; b < count; b++) {
            longest = Math.max(longest, bounds[b + 1] - bounds[b]);
        }
        Extent own = new Extent(bounds[count], count, longest);
        Extent padded = device.padded(own);
        int[] ids = Arrays.copyOf(ids(encodings, bounds), padded.tokens());
        int[] all = Arrays.copyOf(bounds, padded.sequences() + 1);
        Arrays.fill(all, count + 1, all.length, padded.tokens());
        return new FlatBatch(device, count, ids, device.upload(ids), Sequences.padded(device, all, padded));
    }

    private static int[] bounds(List<Encoding> encodings) {
        int[] bounds = new int[encodings.size() + 1];
        for (int b = 0; b < encodings.size(); b++) {
            bounds[b + 1] = Math.addExact(bounds[b], encodings.get(b).cost());
        }
        return bounds;
    }

    private static int[] ids(List<Encoding> encodings, int[] bounds) {
        int[] ids = new int[bounds[encodings.size()]];
        for (int b = 0; b < encodings.size(); b++) {
            System.arraycopy(encodings.get(b).ids(), 0, ids, bounds[b], bounds[b + 1] - bounds[b]);
        }
        return ids;
    }

    /** Runs the network's work on this batch, or what the device recorded of it; see {@link Device#replay}. */
    Tensor replay(Network network, Supplier<Tensor> work) {
        Extent extent = new Extent(ids.length, sequences.count(), sequences.longest());
        return device.replay(network, extent, work);
    }

    /** For each token its place in its sequence, counted from 0, on the device, [T]. */
    Tensor positions() {
        int[] positions = new int[ids.length];
        for (int b = 0; b < count; b++) {
            for (int t = 0; t < sequences.length(b); t++) {
                positions[sequences.first(b) + t] = t;
            }
        }
        return device.upload(positions);
    }

    /**
     * RoBERTa's positions on the device, [T]: tokens other than padding are counted from {@code padding + 1};
     * a padding token that stands in the text has position {@code padding}.
     */
    Tensor positionsAfter(int padding) {
        int[] positions = new int[ids.length];
        for (int b = 0; b < count; b++) {
            int next = padding + 1;
            for (int t = sequences.first(b); t < sequences.first(b) + sequences.length(b); t++) {
                positions[t] = ids[t] == padding ? padding : next++;
            }
        }
        return device.upload(positions);
    }

    /** Row numbers of the first token of each sequence, on the device, [B]; 0 for padding. */
    Tensor firstRows() {
        int[] rows = new int[sequences.count()];
        for (int b = 0; b < count; b++) {
            rows[b] = sequences.first(b);
        }
        return device.upload(rows);
    }
}
