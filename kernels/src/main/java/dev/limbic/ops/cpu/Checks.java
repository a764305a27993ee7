package dev.limbic.ops.cpu;

import dev.limbic.ops.Norm;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;

/** What is true of every operation's arguments, or an {@link IllegalArgumentException} naming the operation. */
final class Checks {
    private Checks() {}

    static void check(boolean condition, String operation, String expected, Tensor found) {
        if (!condition) {
            throw new IllegalArgumentException(operation + ": expected " + expected + ", found " + found);
        }
    }

    static void some(String operation, List<?> list) {
        if (list.isEmpty()) {
            throw new IllegalArgumentException(operation + ": at least one expected, found none");
        }
    }

    /** Numbers that kernels can read: f32 or bf16. */
    static void numbers(String operation, Tensor x) {
        check(x.dtype() == DType.F32 || x.dtype() == DType.BF16, operation, "F32 or BF16", x);
    }

    /**
     * Numbers x [T, columns] whose rows are those of the sequences, none of them empty. The bounds are read, since
     * kernels trust them with addresses.
     */
    static void sequences(String operation, Tensor x, Sequences sequences) {
        numbers(operation, x);
        check(x.rows() == sequences.tokens(), operation, "[" + sequences.tokens() + ", …]", x);
        Tensor bounds = sequences.cuSeqlens();
        int count = sequences.count();
        check(
                bounds.dtype() == DType.I32 && bounds.rows() == count + 1,
                operation,
                "bounds I32 [" + (count + 1) + "]",
                bounds);
        int last = Ram.getInt(bounds.address());
        boolean ordered = last == 0;
        for (int b = 1; b <= count; b++) {
            int next = Ram.getInt(bounds.address() + 4L * b);
            ordered &= next > last;
            last = next;
        }
        if (!ordered || last != sequences.tokens()) {
            throw new IllegalArgumentException(operation + ": bounds of " + count + " sequences must rise from 0 to "
                    + sequences.tokens() + ", none of them empty");
        }
    }

    /** Gain and bias f32 [h]. */
    static void norm(String operation, Norm norm, int h) {
        for (Tensor t : new Tensor[] {norm.gain(), norm.bias()}) {
            check(t.dtype() == DType.F32 && t.shape().elements() == h, operation, "gain and bias F32 [" + h + "]", t);
        }
    }
}
