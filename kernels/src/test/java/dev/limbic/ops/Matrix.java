package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import java.util.Arrays;
import java.util.Random;

/** Host values of a test, [rows, columns]. */
record Matrix(int rows, int columns, float[] values) {
    static Matrix normal(Random random, int rows, int columns, double deviation) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        return new Matrix(rows, columns, values);
    }

    /** The values of a weight, as rows of what its first dimension counts; of a vector, one row. */
    static Matrix of(HostTensor host) {
        float[] values = host.toFloats();
        int rows = host.shape().rank() == 1 ? 1 : host.shape().dim(0);
        return new Matrix(rows, values.length / rows, values);
    }

    float at(int row, int column) {
        return values[row * columns + column];
    }

    Matrix with(int row, int column, float value) {
        float[] changed = values.clone();
        changed[row * columns + column] = value;
        return new Matrix(rows, columns, changed);
    }

    Matrix rows(int from, int to) {
        return new Matrix(to - from, columns, Arrays.copyOfRange(values, from * columns, to * columns));
    }

    /** What remains of the values after storage as {@code type}. */
    Matrix storedAs(DType type) {
        if (type != DType.BF16 && type != DType.F16) {
            return this;
        }
        float[] rounded = values.clone();
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = type == DType.BF16
                    ? nearestBf16(rounded[i])
                    : Float.float16ToFloat(Float.floatToFloat16(rounded[i]));
        }
        return new Matrix(rows, columns, rounded);
    }

    /** What remains of weights, one output channel a row, when products are of {@code precision}. */
    Matrix weightsOf(Precision precision) {
        return precision == Precision.INT8 ? Int8Oracle.weights(this) : storedAs(precision.activations());
    }

    /** Of the two neighbours with 8 significant bits, the nearer one; of two equally near ones, the even one. */
    static float nearestBf16(float value) {
        if (!Float.isFinite(value)) {
            return value;
        }
        int bits = Float.floatToRawIntBits(value);
        float toZero = Float.intBitsToFloat(bits & 0xFFFF0000);
        double ulp = Math.ulp(toZero) * 65536.0;
        double below = Math.abs((double) value - toZero);
        boolean even = (bits & 0x10000) == 0;
        if (below < ulp - below || (below == ulp - below && even)) {
            return toZero;
        }
        return (float) (toZero + Math.copySign(ulp, value));
    }

    HostTensor host() {
        return HostTensor.of(Shape.of(rows, columns), values);
    }

    /** A matrix of one row as a vector [columns]. */
    HostTensor hostVector() {
        return HostTensor.of(Shape.of(values.length), values);
    }
}
