package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import java.util.Arrays;

/** Blocks that come whole: each is transformed to samples as soon as it is read. Owned by one thread. */
final class JpegSequential implements JpegScan.BlockDecoder {
    private final JpegFrame frame;
    private final JpegScan scan;
    private final byte[][] planes;
    private final boolean vectors;
    private final int[] block = new int[64];

    JpegSequential(JpegScan scan, byte[][] planes, boolean vectors) {
        this.frame = scan.frame;
        this.scan = scan;
        this.planes = planes;
        this.vectors = vectors;
    }

    @Override
    public void decode(JpegEntropy entropy, int component, int x, int y) {
        JpegFrame.Component part = frame.components[component];
        int[] quantisers = JpegDecoder.quantisers(part);
        int dc = (part.prediction += difference(entropy, scan.dc(component))) * quantisers[0];
        int last = coefficients(entropy, scan.ac(component), quantisers, block);
        int stride = 8 * part.stride;
        int at = 8 * y * stride + 8 * x;
        if (last == 0) {
            JpegInverseDct.flat(dc, planes[component], at, stride);
            return;
        }
        block[0] = dc;
        JpegInverseDct.block(block, planes[component], at, stride, vectors);
        Arrays.fill(block, 0);
    }

    /** What a block's first coefficient differs by from the one before. */
    static int difference(JpegEntropy entropy, JpegHuffman table) {
        long window = JpegEntropy.window(entropy.bits, entropy.at);
        int entry = table.entry(window);
        entropy.at += entry & 0xFF;
        return value(window << (entry >> 8 & 0xFF), entry >>> 24);
    }

    /** The number that the first {@code size} bits of a window stand for (T.81, F.12). */
    static int value(long window, int size) {
        int bits = (int) (window >>> 1 >>> (63 - size));
        int half = 1 << size >> 1;
        return bits + ((bits - half) >> 31 & 1 - (half << 1));
    }

    /** Fills in all coefficients but the first, times their quantisers. Returns the place of the last one, 0 for none. */
    private static int coefficients(JpegEntropy entropy, JpegHuffman table, int[] quantisers, int[] block) {
        byte[] bits = entropy.bits;
        int at = entropy.at;
        int last = 0;
        for (int k = 1; k < 64; k++) {
            long window = JpegEntropy.window(bits, at);
            int entry = table.entry(window);
            at += entry & 0xFF;
            k += entry >> 16 & 0xFF;
            if (k > 63) {
                if ((entry >> 16 & JpegHuffman.END) != 0) {
                    break;
                }
                throw new LimbicException.Invalid("JPEG: damaged: a block has more than 64 coefficients");
            }
            block[JpegScan.ZIGZAG[k]] = value(window << (entry >> 8 & 0xFF), entry >>> 24) * quantisers[k];
            last = k;
        }
        entropy.at = at;
        return last;
    }
}
