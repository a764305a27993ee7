package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

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

    /** Arguments of {@link Ops#linear}. */
    public static void linear(Tensor x, Linear weights) {
        check(x.shape().rank() == 2 && x.columns() == weights.in(), "linear", "x [T, " + weights.in() + "]", x);
        numbers("linear", x);
    }

    /** Arguments of {@link Ops#embed}. */
    public static void embed(List<Lookup> lookups, @Nullable Norm norm) {
        some("embed", lookups);
        Tensor first = lookups.getFirst().table();
        numbers("embed", first);
        int t = lookups.getFirst().ids().rows();
        int h = first.columns();
        DType type = first.dtype();
        for (Lookup l : lookups) {
            check(l.table().columns() == h && l.table().dtype() == type, "embed", "table [V, " + h + "]", l.table());
            check(l.ids().rows() == t && l.ids().dtype() == DType.I32, "embed", "ids i32 [" + t + "]", l.ids());
        }
        if (norm != null) {
            norm("embed", norm, h);
        }
    }

    /** Arguments of {@link Ops#addLayerNorm}. */
    public static void addLayerNorm(Tensor x, Tensor residual, Norm norm) {
        boolean same = x.shape().equals(residual.shape()) && x.dtype() == residual.dtype();
        check(same, "addLayerNorm", residual.toString(), x);
        numbers("addLayerNorm", x);
        norm("addLayerNorm", norm, x.columns());
    }

    /** Arguments of {@link Ops#attention}. */
    public static void attention(Tensor qkv, Sequences sequences, int heads) {
        boolean even = qkv.columns() % 3 == 0 && heads > 0 && qkv.columns() / 3 % heads == 0;
        check(even, "attention", "qkv [" + sequences.tokens() + ", 3·" + heads + "·d]", qkv);
        sequences("attention", qkv, sequences);
    }

    /** Arguments of {@link Ops#gatherRows}, but for the row numbers themselves. */
    public static void gatherRows(Tensor rows) {
        check(rows.dtype() == DType.I32 && rows.shape().rank() == 1, "gatherRows", "rows i32 [N]", rows);
    }

    /** Arguments of {@link Ops#attentionPool}. */
    public static void attentionPool(Tensor x, Tensor scores, Sequences sequences) {
        sequences("attentionPool", x, sequences);
        numbers("attentionPool", scores);
        check(scores.rows() == x.rows() && scores.columns() == 1, "attentionPool", "scores [T, 1]", scores);
    }

    /**
     * Arguments of {@link Ops#concat}.
     *
     * @return columns of all parts together
     */
    public static int concat(List<Tensor> parts) {
        some("concat", parts);
        Tensor first = parts.getFirst();
        int columns = 0;
        for (Tensor part : parts) {
            boolean fits = part.rows() == first.rows() && part.dtype() == first.dtype();
            check(fits, "concat", first.dtype() + " [" + first.rows() + ", …]", part);
            columns += part.columns();
        }
        return columns;
    }

    /** Arguments of {@link Ops#recurrent}. */
    public static void recurrent(Tensor x, Recurrent weights, Sequences sequences) {
        check(x.columns() == weights.in(), "recurrent", "x [T, " + weights.in() + "]", x);
        sequences("recurrent", x, sequences);
    }
}
