package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.load;

import dev.limbic.ops.Activation;
import dev.limbic.tensor.DType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Activations over one row of f32 that was just written and is still in the first-level cache. One loop a function:
 * a switch inside the loop is more than the compiler inlines, and a vector that is not inlined becomes a heap object.
 */
final class Activations {
    private Activations() {}

    /**
     * Whether a pass of ours over a product that is still in cache is quicker than what oneDNN fuses with it: so it is in f32
     * where vectors have 256 bits or fewer.
     */
    static boolean areQuicker(Activation activation, DType type) {
        boolean smooth = activation == Activation.SILU || activation == Activation.GELU;
        return smooth && type == DType.F32 && LANES < 16;
    }

    /** y ← activation(y). */
    static void row(Activation activation, long y, int n) {
        switch (activation) {
            case NONE -> {}
            case RELU -> RowKernels.relu(y, n);
            case LEAKY_RELU -> leakyRelu(y, n);
            case GELU -> gelu(y, n);
            case GELU_TANH -> geluTanh(y, n);
            case SILU -> silu(y, n);
            case TANH -> tanh(y, n);
            case SIGMOID -> sigmoid(y, n);
        }
    }

    private static void leakyRelu(long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector x = load(y + 4L * i);
            x.blend(x.mul(VectorMath.LEAK), x.compare(VectorOperators.LT, 0f))
                    .intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        tail(Activation.LEAKY_RELU, y, i, n);
    }

    private static void gelu(long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            VectorMath.gelu(load(y + 4L * i)).intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        tail(Activation.GELU, y, i, n);
    }

    private static void geluTanh(long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            VectorMath.geluTanh(load(y + 4L * i)).intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        tail(Activation.GELU_TANH, y, i, n);
    }

    private static void silu(long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            VectorMath.silu(load(y + 4L * i)).intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        tail(Activation.SILU, y, i, n);
    }

    private static void tanh(long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            VectorMath.tanh(load(y + 4L * i)).intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        tail(Activation.TANH, y, i, n);
    }

    private static void sigmoid(long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            VectorMath.sigmoid(load(y + 4L * i)).intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        tail(Activation.SIGMOID, y, i, n);
    }

    private static void tail(Activation activation, long y, int from, int n) {
        for (int i = from; i < n; i++) {
            Ram.setFloat(y + 4L * i, VectorMath.activate(activation, Ram.getFloat(y + 4L * i)));
        }
    }
}
