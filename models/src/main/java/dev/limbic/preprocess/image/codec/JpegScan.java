package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import org.jspecify.annotations.Nullable;

/**
 * One scan: its header, and the walk over its blocks. A scan of one component has the blocks that the component fills, one
 * of several has units of all of them (ITU-T T.81, A.2).
 */
final class JpegScan {
    /** Coefficients by their place in the bit stream; what a damaged run points at behind the last is the last. */
    static final int[] ZIGZAG = {
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14,
        21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60,
        61, 54, 47, 55, 62, 63
    };

    private static final int MAX_BLOCKS_PER_UNIT = 10;

    final JpegFrame frame;
    final int[] components;
    private final @Nullable JpegHuffman[] dc;
    private final @Nullable JpegHuffman[] ac;
    final int from;
    final int to;
    final int high;
    final int low;

    /** What is done with a block. */
    interface BlockDecoder {
        /**
         * Reads one block.
         *
         * @param component its index in the frame
         * @param x column of the block
         * @param y row of the block
         */
        void decode(JpegEntropy entropy, int component, int x, int y);
    }

    /**
     * @param at of the scan header behind its length
     * @param dcTables those defined so far
     * @param acTables those defined so far
     */
    JpegScan(
            JpegFrame frame,
            byte[] data,
            int at,
            int length,
            @Nullable JpegHuffman[] dcTables,
            @Nullable JpegHuffman[] acTables) {
        this.frame = frame;
        int count = length < 1 ? 0 : data[at];
        if (count < 1 || count > frame.components.length || length != 4 + 2 * count) {
            throw new LimbicException.Invalid("JPEG: damaged: a scan header has " + length + " bytes");
        }
        components = new int[count];
        dc = new JpegHuffman[frame.components.length];
        ac = new JpegHuffman[frame.components.length];
        int blocks = 0;
        for (int i = 0; i < count; i++) {
            int index = indexOf(data[at + 1 + 2 * i] & 0xFF);
            int tables = data[at + 2 + 2 * i] & 0xFF;
            if (i > 0 && index <= components[i - 1]) {
                throw new LimbicException.Invalid("JPEG: damaged: a scan names its components twice or out of order");
            }
            if (tables >> 4 > 3 || (tables & 15) > 3) {
                throw new LimbicException.Invalid("JPEG: expected Huffman tables of 0 to 3, found others");
            }
            components[i] = index;
            dc[index] = dcTables[tables >> 4];
            ac[index] = acTables[tables & 15];
            blocks += frame.components[index].h * frame.components[index].v;
        }
        from = data[at + 1 + 2 * count] & 0xFF;
        to = data[at + 2 + 2 * count] & 0xFF;
        high = data[at + 3 + 2 * count] >> 4 & 15;
        low = data[at + 3 + 2 * count] & 15;
        if (count > 1 && blocks > MAX_BLOCKS_PER_UNIT) {
            throw new LimbicException.Invalid(
                    "JPEG: expected at most " + MAX_BLOCKS_PER_UNIT + " blocks in a unit, found " + blocks);
        }
        if (frame.progressive) {
            requireBand(count);
        }
    }

    private void requireBand(int count) {
        boolean first = from == 0 && to == 0;
        boolean band = from > 0 && from <= to && to < 64 && count == 1;
        if ((!first && !band) || low > 13 || (high != 0 && high != low + 1)) {
            throw new LimbicException.Invalid("JPEG: damaged: a progressive scan of coefficients " + from + " to " + to
                    + " of " + count + " components, bits " + high + " to " + low);
        }
    }

    private int indexOf(int id) {
        for (int i = 0; i < frame.components.length; i++) {
            if (frame.components[i].id == id) {
                return i;
            }
        }
        throw new LimbicException.Invalid("JPEG: damaged: a scan of a component that the frame does not have");
    }

    JpegHuffman dc(int component) {
        return require(dc[component]);
    }

    JpegHuffman ac(int component) {
        return require(ac[component]);
    }

    private static JpegHuffman require(@Nullable JpegHuffman table) {
        if (table == null) {
            throw new LimbicException.Invalid("JPEG: damaged: a scan uses a Huffman table that is not defined");
        }
        return table;
    }

    /**
     * Walks over the blocks.
     *
     * @param interval units between restart markers, 0 for none
     */
    void forEach(JpegEntropy entropy, int interval, Runnable onRestart, BlockDecoder decoder) {
        onRestart.run();
        boolean alone = components.length == 1;
        JpegFrame.Component only = frame.components[components[0]];
        int columns = alone ? only.blocksX : frame.mcusX;
        int rows = alone ? only.blocksY : frame.mcusY;
        int left = interval;
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                if (interval > 0 && left-- == 0) {
                    entropy.restart();
                    onRestart.run();
                    left = interval - 1;
                }
                if (alone) {
                    decoder.decode(entropy, components[0], x, y);
                    entropy.requireBits();
                } else {
                    unit(entropy, decoder, x, y);
                }
            }
        }
    }

    private void unit(JpegEntropy entropy, BlockDecoder decoder, int x, int y) {
        for (int index : components) {
            JpegFrame.Component each = frame.components[index];
            for (int v = 0; v < each.v; v++) {
                for (int h = 0; h < each.h; h++) {
                    decoder.decode(entropy, index, x * each.h + h, y * each.v + v);
                    entropy.requireBits();
                }
            }
        }
    }
}
