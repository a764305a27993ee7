package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.load;

import jdk.incubator.vector.FloatVector;

/** The element-wise part of one recurrent step for one sequence. All rows are f32. */
final class Cells {
    private Cells() {}

    /**
     * LSTM: c ← σ(f)·c + σ(i)·tanh(g); h ← σ(o)·tanh(c).
     *
     * @param x input product [4n], gates i, f, g, o
     * @param h hidden product [4n], bias included
     * @param c cell state [n], updated
     * @param out new hidden state [n], written
     */
    static void lstm(long x, long h, long c, long out, int n) {
        long gate = 4L * n;
        int j = 0;
        for (; j <= n - LANES; j += LANES) {
            long o = 4L * j;
            FloatVector in = VectorMath.sigmoid(load(x + o).add(load(h + o)));
            FloatVector forget = VectorMath.sigmoid(load(x + gate + o).add(load(h + gate + o)));
            FloatVector cell = VectorMath.tanh(load(x + 2 * gate + o).add(load(h + 2 * gate + o)));
            FloatVector show = VectorMath.sigmoid(load(x + 3 * gate + o).add(load(h + 3 * gate + o)));
            FloatVector state = forget.fma(load(c + o), in.mul(cell));
            state.intoMemorySegment(Ram.ALL, c + o, Ram.ORDER);
            show.mul(VectorMath.tanh(state)).intoMemorySegment(Ram.ALL, out + o, Ram.ORDER);
        }
        for (; j < n; j++) {
            long o = 4L * j;
            float in = VectorMath.sigmoid(Ram.getFloat(x + o) + Ram.getFloat(h + o));
            float forget = VectorMath.sigmoid(Ram.getFloat(x + gate + o) + Ram.getFloat(h + gate + o));
            float cell = (float) Math.tanh(Ram.getFloat(x + 2 * gate + o) + Ram.getFloat(h + 2 * gate + o));
            float show = VectorMath.sigmoid(Ram.getFloat(x + 3 * gate + o) + Ram.getFloat(h + 3 * gate + o));
            float state = forget * Ram.getFloat(c + o) + in * cell;
            Ram.setFloat(c + o, state);
            Ram.setFloat(out + o, show * (float) Math.tanh(state));
        }
    }

    /**
     * GRU: n = tanh(xₙ + σ(r)·hₙ); h' = (1 − σ(z))·n + σ(z)·h.
     *
     * @param x input product [3n], gates r, z, n
     * @param h hidden product [3n], bias included
     * @param old hidden state [n]
     * @param out new hidden state [n], written; may be {@code old}
     */
    static void gru(long x, long h, long old, long out, int n) {
        long gate = 4L * n;
        int j = 0;
        for (; j <= n - LANES; j += LANES) {
            long o = 4L * j;
            FloatVector reset = VectorMath.sigmoid(load(x + o).add(load(h + o)));
            FloatVector keep = VectorMath.sigmoid(load(x + gate + o).add(load(h + gate + o)));
            FloatVector fresh = VectorMath.tanh(reset.fma(load(h + 2 * gate + o), load(x + 2 * gate + o)));
            FloatVector previous = load(old + o);
            keep.fma(previous.sub(fresh), fresh).intoMemorySegment(Ram.ALL, out + o, Ram.ORDER);
        }
        for (; j < n; j++) {
            long o = 4L * j;
            float reset = VectorMath.sigmoid(Ram.getFloat(x + o) + Ram.getFloat(h + o));
            float keep = VectorMath.sigmoid(Ram.getFloat(x + gate + o) + Ram.getFloat(h + gate + o));
            float fresh = (float) Math.tanh(Ram.getFloat(x + 2 * gate + o) + reset * Ram.getFloat(h + 2 * gate + o));
            Ram.setFloat(out + o, fresh + keep * (Ram.getFloat(old + o) - fresh));
        }
    }
}
