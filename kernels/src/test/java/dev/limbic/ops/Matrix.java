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
