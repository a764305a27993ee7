package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.LANES;

import jdk.incubator.vector.FloatVector;

/** Kernels over single rows of f32 that only decoders need: root mean square, gated units, rotary positions. */
final class DecoderKernels {
    private DecoderKernels() {}

    private static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(F, Ram.ALL, address, Ram.ORDER);
    }

    /** y ← y/√(mean(y²) + epsilon)·gain. */
    static void rmsNorm(long y, int n, long gain, float epsilon) {
        FloatVector squares = FloatVector.zero(F);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector v = load(y + 4L * i);
            squares = v.fma(v, squares);
        }
        float square = VectorMath.sum(squares);
        for (; i < n; i++) {
            float v = Ram.getFloat(y + 4L * i);
            square += v * v;
        }
        float inverse = (float) (1 / Math.sqrt(square / n + epsilon));
        i = 0;
        for (; i <= n - LANES; i += LANES) {
            load(y + 4L * i).mul(inverse).mul(load(gain + 4L * i)).intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            Ram.setFloat(y + 4L * i, Ram.getFloat(y + 4L * i) * inverse * Ram.getFloat(gain + 4L * i));
        }
    }

    /** y ← silu(gate)·up. */
    static void siluTimes(long gate, long up, long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            VectorMath.silu(load(gate + 4L * i))
                    .mul(load(up + 4L * i))
                    .intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            float g = Ram.getFloat(gate + 4L * i);
            Ram.setFloat(y + 4L * i, g * VectorMath.sigmoid(g) * Ram.getFloat(up + 4L * i));
        }
    }

    /** Turns the pairs (i, i + half) of one head, i below half. */
    static void turnHalves(long head, long cosine, long sine, int half) {
        int i = 0;
        for (; i <= half - LANES; i += LANES) {
            FloatVector a = load(head + 4L * i);
            FloatVector b = load(head + 4L * (half + i));
            FloatVector c = load(cosine + 4L * i);
            FloatVector s = load(sine + 4L * i);
            a.mul(c).sub(b.mul(s)).intoMemorySegment(Ram.ALL, head + 4L * i, Ram.ORDER);
            b.mul(c).add(a.mul(s)).intoMemorySegment(Ram.ALL, head + 4L * (half + i), Ram.ORDER);
        }
        for (; i < half; i++) {
            pair(head + 4L * i, head + 4L * (half + i), cosine + 4L * i, sine + 4L * i);
        }
    }

    /** Turns the pairs (2i, 2i + 1) of one head, i below half. */
    static void turnNeighbours(long head, long cosine, long sine, int half) {
        for (int i = 0; i < half; i++) {
            pair(head + 8L * i, head + 8L * i + 4, cosine + 4L * i, sine + 4L * i);
        }
    }

    private static void pair(long first, long second, long cosine, long sine) {
        float a = Ram.getFloat(first);
        float b = Ram.getFloat(second);
        float c = Ram.getFloat(cosine);
        float s = Ram.getFloat(sine);
        Ram.setFloat(first, a * c - b * s);
        Ram.setFloat(second, b * c + a * s);
    }
}
