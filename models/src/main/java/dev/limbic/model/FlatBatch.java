package dev.limbic.model;

import dev.limbic.domain.Encoding;
import dev.limbic.ops.Device;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Token sequences of several requests, one behind the other without padding. B sequences, T tokens.
 *
 * @param device where the batch lies
 * @param ids token ids on the host, [T]
 * @param bounds first token of each sequence and the end, on the host, [B + 1]
 * @param tokens {@code ids} on the device
 * @param sequences {@code bounds} on the device
 */
record FlatBatch(Device device, int[] ids, int[] bounds, Tensor tokens, Sequences sequences) {
    /** Uploads the batch. */
    static FlatBatch of(Device device, List<Encoding> encodings) {
        int[] bounds = new int[encodings.size() + 1];
        for (int b = 0; b < encodings.size(); b++) {
            int length = encodings.get(b).tokens();
            bounds[b + 1] = Math.addExact(bounds[b], length);
        }
        int[] ids = new int[bounds[encodings.size()]];
        for (int b = 0; b < encodings.size(); b++) {
            System.arraycopy(encodings.get(b).ids(), 0, ids, bounds[b], bounds[b + 1] - bounds[b]);
        }
        Sequences sequences = Sequences.on(device, bounds);
        return new FlatBatch(device, ids, bounds, device.upload(ids), sequences);
    }

    /** For each token its place in its sequence, counted from 0, on the device, [T]. */
    Tensor positions() {
        int[] positions = new int[ids.length];
        for (int b = 0; b + 1 < bounds.length; b++) {
            for (int t = bounds[b]; t < bounds[b + 1]; t++) {
                positions[t] = t - bounds[b];
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
        for (int b = 0; b + 1 < bounds.length; b++) {
            int next = padding + 1;
            for (int t = bounds[b]; t < bounds[b + 1]; t++) {
                positions[t] = ids[t] == padding ? padding : next++;
            }
        }
        return device.upload(positions);
    }

    /** Row numbers of the first token of each sequence, on the device, [B]. */
    Tensor firstRows() {
        return device.upload(Arrays.copyOf(bounds, bounds.length - 1));
    }
}
