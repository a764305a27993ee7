package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import org.jspecify.annotations.Nullable;

/** What a JPEG's frame header says, with the samples and coefficients that its scans fill. Owned by one thread. */
final class JpegFrame {
    private static final int MAX_SAMPLING = 4;

    final boolean progressive;
    final int width;
    final int height;
    final Component[] components;
    final int maxH;
    final int maxV;
    final int mcusX;
    final int mcusY;

    /** One colour component. */
    static final class Component {
        final int id;
        final int h;
        final int v;
        final int table;

        /** Samples of the picture, without what fills up the last blocks. */
        final int width;

        final int height;

        /** Blocks of a scan of this component alone. */
        final int blocksX;

        final int blocksY;

        /** Blocks from row to row, with those that fill up the last units of all components. */
        final int stride;

        final int rows;

        /** Quantisers in zigzag order, kept when the first scan begins: tables may be defined anew between scans. */
        int @Nullable [] quantisers;

        int prediction;

        private Component(int id, int h, int v, int table, JpegHeader header) {
            this.id = id;
            this.h = h;
            this.v = v;
            this.table = table;
            width = Math.ceilDiv(header.width * h, header.maxH);
            height = Math.ceilDiv(header.height * v, header.maxV);
            blocksX = Math.ceilDiv(width, 8);
            blocksY = Math.ceilDiv(height, 8);
            stride = header.mcusX * h;
            rows = header.mcusY * v;
        }

        int blocks() {
            return stride * rows;
        }
    }

    /** What the components need to know of each other. */
    private record JpegHeader(int width, int height, int maxH, int maxV, int mcusX, int mcusY) {}

    /** @param at of the frame header's first byte behind its length, which is {@code length} bytes long */
    JpegFrame(byte[] data, int at, int length, boolean progressive, ImageLimits limits) {
        this.progressive = progressive;
        int count = length < 6 ? 0 : data[at + 5] & 0xFF;
        if (length < 6 || length != 6 + 3 * count) {
            throw new LimbicException.Invalid("JPEG: damaged: its frame header has " + length + " bytes");
        }
        if (data[at] != 8) {
            throw new LimbicException.Invalid("JPEG: expected 8 bits a sample, found " + (data[at] & 0xFF));
        }
        height = (data[at + 1] & 0xFF) << 8 | (data[at + 2] & 0xFF);
        width = (data[at + 3] & 0xFF) << 8 | (data[at + 4] & 0xFF);
        limits.requireSize("JPEG", width, height);
        if (count != 1 && count != 3 && count != 4) {
            throw new LimbicException.Invalid("JPEG: expected 1, 3 or 4 components, found " + count);
        }
        int h = 1;
        int v = 1;
        for (int i = 0; i < count; i++) {
            int sampling = data[at + 7 + 3 * i] & 0xFF;
            requireSampling(sampling >> 4);
            requireSampling(sampling & 15);
            h = Math.max(h, sampling >> 4);
            v = Math.max(v, sampling & 15);
        }
        if (count == 1) { // the factors of a lone component say nothing
            h = 1;
            v = 1;
        }
        maxH = h;
        maxV = v;
        mcusX = Math.ceilDiv(width, 8 * h);
        mcusY = Math.ceilDiv(height, 8 * v);
        JpegHeader header = new JpegHeader(width, height, h, v, mcusX, mcusY);
        components = new Component[count];
        for (int i = 0; i < count; i++) {
            int sampling = count == 1 ? 0x11 : data[at + 7 + 3 * i] & 0xFF;
            int table = data[at + 8 + 3 * i] & 0xFF;
            if (table > 3) {
                throw new LimbicException.Invalid("JPEG: expected a quantisation table of 0 to 3, found " + table);
            }
            int ch = sampling >> 4;
            int cv = sampling & 15;
            if (h % ch != 0 || v % cv != 0) {
                throw new LimbicException.Invalid(
                        "JPEG: expected sampling factors that divide " + h + " × " + v + ", found " + ch + " × " + cv);
            }
            components[i] = new Component(data[at + 6 + 3 * i] & 0xFF, ch, cv, table, header);
        }
    }

    private static void requireSampling(int factor) {
        if (factor < 1 || factor > MAX_SAMPLING) {
            throw new LimbicException.Invalid(
                    "JPEG: expected sampling factors of 1 to " + MAX_SAMPLING + ", found " + factor);
        }
    }
}
