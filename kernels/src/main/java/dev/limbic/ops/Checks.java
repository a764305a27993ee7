package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;

/** What is true of every operation's arguments, or an {@link IllegalArgumentException} naming the operation. */
public final class Checks {
    private Checks() {}

    /** The condition, or an exception that says what was expected and found. */
    public static void check(boolean condition, String operation, String expected, Tensor found) {
        if (!condition) {
            throw new IllegalArgumentException(operation + ": expected " + expected + ", found " + found);
        }
    }

    /** A list that is not empty. */
    public static void some(String operation, List<?> list) {
        if (list.isEmpty()) {
            throw new IllegalArgumentException(operation + ": at least one expected, found none");
        }
    }

    /** Numbers that kernels can read: f32, bf16 or f16. */
    public static void numbers(String operation, Tensor x) {
        DType type = x.dtype();
        check(type == DType.F32 || type == DType.BF16 || type == DType.F16, operation, "F32, BF16 or F16", x);
    }

    /** Numbers x [T, columns] whose rows are those of the sequences. */
    public static void sequences(String operation, Tensor x, Sequences sequences) {
        numbers(operation, x);
        check(x.rows() == sequences.tokens(), operation, "[" + sequences.tokens() + ", …]", x);
    }

    /** Gain and bias f32 [h]. */
    public static void norm(String operation, Norm norm, int h) {
        for (Tensor t : new Tensor[] {norm.gain(), norm.bias()}) {
            check(t.dtype() == DType.F32 && t.shape().elements() == h, operation, "gain and bias F32 [" + h + "]", t);
        }
    }
}
