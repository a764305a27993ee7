package dev.limbic.ops;

import dev.limbic.tensor.Tensor;

/**
 * Where the sequences of a flat batch lie. Sequence b owns rows {@code bounds[b] … bounds[b + 1] − 1}; kernels trust the
 * copy on the device with addresses, so the bounds are checked here, once.
 *
 * @param cuSeqlens {@code bounds} on the device, i32 [B + 1]
 * @param bounds on the host, rising from 0 to the number of tokens; nobody changes them
 * @param longest rows of the longest sequence, or more
 */
public record Sequences(Tensor cuSeqlens, int[] bounds, int longest) {
    /**
     * Uploads bounds.
     *
     * @throws IllegalArgumentException if they do not rise from 0 or a sequence is empty
     */
    public static Sequences on(Device device, int[] bounds) {
        boolean ordered = bounds.length > 1 && bounds[0] == 0;
        int longest = 0;
        for (int b = 1; ordered && b < bounds.length; b++) {
            longest = Math.max(longest, bounds[b] - bounds[b - 1]);
            ordered = bounds[b] > bounds[b - 1];
        }
        if (!ordered) {
            throw new IllegalArgumentException("sequences: bounds must rise from 0, at least one row each; found "
                    + bounds.length + " bounds that do not");
        }
        return new Sequences(device.upload(bounds), bounds, longest);
    }

    /**
     * Uploads bounds of a padded batch: behind the sequences that matter may come others, also empty ones.
     *
     * @param extent that the batch was padded to
     * @throws IllegalArgumentException if the bounds do not fit the extent or fall somewhere
     */
    public static Sequences padded(Device device, int[] bounds, Extent extent) {
        boolean fits = bounds.length == extent.sequences() + 1
                && bounds[0] == 0
                && bounds[bounds.length - 1] == extent.tokens();
        for (int b = 1; fits && b < bounds.length; b++) {
            int length = bounds[b] - bounds[b - 1];
            fits = length >= 0 && length <= extent.longest();
        }
        if (!fits) {
            throw new IllegalArgumentException("sequences: bounds that rise from 0 and fit " + extent
                    + " expected; found " + bounds.length + " bounds that do not");
        }
        return new Sequences(device.upload(bounds), bounds, extent.longest());
    }

    /** Number of sequences, B. */
    public int count() {
        return bounds.length - 1;
    }

    /** Number of rows, T. */
    public int tokens() {
        return bounds[bounds.length - 1];
    }

    /** First row of a sequence. */
    public int first(int sequence) {
        return bounds[sequence];
    }

    /** Rows of a sequence. */
    public int length(int sequence) {
        return bounds[sequence + 1] - bounds[sequence];
    }
}
