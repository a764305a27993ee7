package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;

/** What the rows of a PNG are predicted by (ISO/IEC 15948, 9). */
final class PngFilter {
    private PngFilter() {}

    /**
     * Turns differences into samples.
     *
     * @param row from {@code step}; zeros before
     * @param above the row above, likewise
     * @param step bytes from a sample to the same one of the next pixel
     */
    static void undo(int filter, byte[] row, byte[] above, int step) {
        switch (filter) {
            case 0 -> {}
            case 1 -> {
                for (int i = step; i < row.length; i++) {
                    row[i] += row[i - step];
                }
            }
            case 2 -> {
                for (int i = step; i < row.length; i++) {
                    row[i] += above[i];
                }
            }
            case 3 -> {
                for (int i = step; i < row.length; i++) {
                    row[i] += (byte) (((row[i - step] & 0xFF) + (above[i] & 0xFF)) >> 1);
                }
            }
            case 4 -> {
                for (int i = step; i < row.length; i++) {
                    row[i] += (byte) paeth(row[i - step] & 0xFF, above[i] & 0xFF, above[i - step] & 0xFF);
                }
            }
            default -> throw new LimbicException.Invalid("PNG: damaged: a row with filter " + filter);
        }
    }

    private static int paeth(int left, int above, int corner) {
        int toLeft = Math.abs(above - corner);
        int toAbove = Math.abs(left - corner);
        int toCorner = Math.abs(left + above - 2 * corner);
        if (toLeft <= toAbove && toLeft <= toCorner) {
            return left;
        }
        return toAbove <= toCorner ? above : corner;
    }
}
