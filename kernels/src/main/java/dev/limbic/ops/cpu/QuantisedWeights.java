package dev.limbic.ops.cpu;

import dev.limbic.ops.Precision;
import dev.limbic.tensor.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Weights as {@link Precision#INT8} rounds them: one scale per output channel, its largest magnitude over 127.
 *
 * @param values [O, K], row-major
 * @param scales [O]
 */
record QuantisedWeights(byte[] values, float[] scales) {
    /** @param weight [out, K], row-major */
    static QuantisedWeights of(float[] weight, int out) {
        int in = weight.length / out;
        byte[] values = new byte[weight.length];
        float[] scales = new float[out];
        for (int n = 0; n < out; n++) {
            float largest = 0;
            for (int k = 0; k < in; k++) {
                largest = Math.max(largest, Math.abs(weight[n * in + k]));
            }
            float scale = largest == 0 ? 1 : largest / 127;
            for (int k = 0; k < in; k++) {
                values[n * in + k] = (byte) Math.round(weight[n * in + k] / scale);
            }
            scales[n] = scale;
        }
        return new QuantisedWeights(values, scales);
    }

    /** Sum of an output channel's integers. */
    int sum(int channel) {
        int in = values.length / scales.length;
        int sum = 0;
        for (int k = 0; k < in; k++) {
            sum += values[channel * in + k];
        }
        return sum;
    }

    /** Copies the channels {@code from … to − 1} to memory outside the heap. */
    MemorySegment rows(int from, int to, java.lang.foreign.Arena memory) {
        int in = values.length / scales.length;
        MemorySegment rows = memory.allocate((long) (to - from) * in, Arena.ALIGNMENT);
        MemorySegment.copy(values, from * in, rows, ValueLayout.JAVA_BYTE, 0, (to - from) * in);
        return rows;
    }
}
