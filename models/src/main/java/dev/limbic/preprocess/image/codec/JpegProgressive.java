package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;

/**
 * Coefficients that come over several scans, a band or a bit at a time (T.81, G.1.2). {@link #planes} transforms them when
 * all have been read. Owned by one thread.
 */
final class JpegProgressive {
    private final JpegFrame frame;
    private final short[] coefficients;
    private final int[] starts;
    private int endOfBand;

    JpegProgressive(JpegFrame frame, Scratch scratch) {
        this.frame = frame;
        starts = new int[frame.components.length];
        int total = 0;
        for (int i = 0; i < starts.length; i++) {
            starts[i] = total;
            total += 64 * frame.components[i].blocks();
        }
        coefficients = scratch.coefficients(total);
        java.util.Arrays.fill(coefficients, 0, total, (short) 0);
    }

    void decode(JpegScan scan, JpegEntropy entropy, int interval) {
        JpegScan.BlockDecoder decoder = scan.from == 0
                ? scan.high == 0
                        ? (bits, component, x, y) -> firstDc(scan, bits, component, start(component, x, y))
                        : (bits, component, x, y) ->
                                coefficients[start(component, x, y)] |= (short) (bits.take(1) << scan.low)
                : scan.high == 0
                        ? (bits, component, x, y) -> firstBand(scan, bits, component, start(component, x, y))
                        : (bits, component, x, y) -> refineBand(scan, bits, component, start(component, x, y));
        scan.forEach(entropy, interval, this::reset, decoder);
    }

    private void reset() {
        endOfBand = 0;
        for (JpegFrame.Component each : frame.components) {
            each.prediction = 0;
        }
    }

    private int start(int component, int x, int y) {
        return starts[component] + 64 * (y * frame.components[component].stride + x);
    }

    private void firstDc(JpegScan scan, JpegEntropy entropy, int component, int start) {
        JpegFrame.Component part = frame.components[component];
        part.prediction += JpegSequential.difference(entropy, scan.dc(component));
        coefficients[start] = (short) (part.prediction << scan.low);
    }

    private void firstBand(JpegScan scan, JpegEntropy entropy, int component, int start) {
        if (endOfBand > 0) {
            endOfBand--;
            return;
        }
        JpegHuffman table = scan.ac(component);
        for (int k = scan.from; k <= scan.to; k++) {
            long window = JpegEntropy.window(entropy.bits, entropy.at);
            int entry = table.entry(window);
            entropy.at += entry & 0xFF;
            int run = entry >> 16 & 0xFF;
            if ((run & JpegHuffman.END) != 0) {
                endOfBand = (1 << (run - JpegHuffman.END)) - 1 + entropy.take(run - JpegHuffman.END);
                return;
            }
            k += run;
            int value = JpegSequential.value(window << (entry >> 8 & 0xFF), entry >>> 24);
            coefficients[start + JpegScan.ZIGZAG[requirePlace(k)]] = (short) (value << scan.low);
        }
    }

    private static int requirePlace(int k) {
        if (k > 63) {
            throw new LimbicException.Invalid("JPEG: damaged: a block has more than 64 coefficients");
        }
        return k;
    }

    private void refineBand(JpegScan scan, JpegEntropy entropy, int component, int start) {
        int k = scan.from;
        if (endOfBand == 0) {
            JpegHuffman table = scan.ac(component);
            while (k <= scan.to) {
                long window = JpegEntropy.window(entropy.bits, entropy.at);
                int entry = table.entry(window);
                entropy.at += entry >> 8 & 0xFF;
                int run = entry >> 16 & 0xFF;
                if ((run & JpegHuffman.END) != 0) {
                    endOfBand = (1 << (run - JpegHuffman.END)) + entropy.take(run - JpegHuffman.END);
                    break;
                }
                int size = entry >>> 24;
                if (size > 1) {
                    throw new LimbicException.Invalid("JPEG: damaged: a refinement of more than one bit");
                }
                int fresh = size == 0 ? 0 : entropy.take(1) == 0 ? -1 : 1;
                k = refineUntilZero(scan, entropy, start, k, run);
                if (fresh != 0 && k <= scan.to) {
                    coefficients[start + JpegScan.ZIGZAG[k]] = (short) (fresh << scan.low);
                }
                k++;
            }
        }
        if (endOfBand > 0) {
            refineUntilZero(scan, entropy, start, k, 64);
            endOfBand--;
        }
    }

    /** Refines what is not 0 until {@code zeros} zeros are behind it. Returns the place of the zero after them. */
    private int refineUntilZero(JpegScan scan, JpegEntropy entropy, int start, int from, int zeros) {
        int k = from;
        int left = zeros;
        for (; k <= scan.to; k++) {
            int at = start + JpegScan.ZIGZAG[k];
            int value = coefficients[at];
            if (value == 0) {
                if (left-- == 0) {
                    break;
                }
            } else if (entropy.take(1) != 0 && (Math.abs(value) >> scan.low & 1) == 0) {
                coefficients[at] += (short) (value > 0 ? 1 << scan.low : -1 << scan.low);
            }
        }
        return k;
    }

    /** Transforms all blocks to samples. */
    void planes(byte[][] planes, boolean vectors) {
        int[] block = new int[64];
        for (int i = 0; i < frame.components.length; i++) {
            JpegFrame.Component part = frame.components[i];
            int[] quantisers = natural(JpegDecoder.quantisers(part));
            int stride = 8 * part.stride;
            for (int y = 0; y < part.rows; y++) {
                for (int x = 0; x < part.stride; x++) {
                    int start = start(i, x, y);
                    int others = 0;
                    for (int k = 0; k < 64; k++) {
                        int value = coefficients[start + k];
                        block[k] = value * quantisers[k];
                        others |= k == 0 ? 0 : value;
                    }
                    int at = 8 * y * stride + 8 * x;
                    if (others == 0) {
                        JpegInverseDct.flat(block[0], planes[i], at, stride);
                    } else {
                        JpegInverseDct.block(block, planes[i], at, stride, vectors);
                    }
                }
            }
        }
    }

    private static int[] natural(int[] zigzag) {
        int[] natural = new int[64];
        for (int k = 0; k < 64; k++) {
            natural[JpegScan.ZIGZAG[k]] = zigzag[k];
        }
        return natural;
    }
}
