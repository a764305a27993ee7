package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.load;

import jdk.incubator.vector.FloatVector;

/** Turns of pairs of columns by the angle of a position. All rows are f32. */
final class RotaryKernels {
    private RotaryKernels() {}

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
