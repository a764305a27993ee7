package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.BitSet;
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

    /** Arguments of {@link Device#upload(List, int, int)}. */
    public static void upload(List<byte[]> pieces, int rows, int columns) {
        long found = pieces.stream().mapToLong(piece -> piece.length).sum();
        if (found != (long) rows * columns) {
            throw new IllegalArgumentException("upload: " + rows + " × " + columns + " bytes expected, found " + found);
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

    /** Arguments of {@link RowOps#linear}. */
    public static void linear(Tensor x, Linear weights) {
        check(x.shape().rank() == 2 && x.columns() == weights.in(), "linear", "x [T, " + weights.in() + "]", x);
        numbers("linear", x);
    }

    /** Arguments of {@link RowOps#linearAdd}. */
    public static void linearAdd(Tensor x, Linear weights, Tensor residual) {
        linear(x, weights);
        DType type = weights.precision().activations();
        check(
                residual.rows() == x.rows() && residual.columns() == weights.out() && residual.dtype() == type,
                "linearAdd",
                "a residual " + type + " [" + x.rows() + ", " + weights.out() + "]",
                residual);
    }

    /** Arguments of {@link RowOps#embed}. */
    public static void embed(List<Lookup> lookups, @Nullable Norm norm) {
        if (lookups.isEmpty() || lookups.size() > Lookup.MOST) {
            throw new IllegalArgumentException(
                    "embed: 1 to " + Lookup.MOST + " lookups expected, found " + lookups.size());
        }
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

    /** Arguments of {@link RowOps#addLayerNorm}. */
    public static void addLayerNorm(Tensor x, Tensor residual, Norm norm) {
        boolean same = x.shape().equals(residual.shape()) && x.dtype() == residual.dtype();
        check(same, "addLayerNorm", residual.toString(), x);
        numbers("addLayerNorm", x);
        norm("addLayerNorm", norm, x.columns());
    }

    /** Arguments of {@link AttentionOps#attention}. */
    public static void attention(Tensor qkv, Sequences sequences, int heads) {
        boolean even = qkv.columns() % 3 == 0 && heads > 0 && qkv.columns() / 3 % heads == 0;
        check(even, "attention", "qkv [" + sequences.tokens() + ", 3·" + heads + "·d]", qkv);
        sequences("attention", qkv, sequences);
    }

    /** Arguments of {@link RowOps#layerNorm}. */
    public static void layerNorm(Tensor x, Norm norm) {
        numbers("layerNorm", x);
        norm("layerNorm", norm, x.columns());
    }

    /** Arguments of {@link RowOps#rmsNorm}. */
    public static void rmsNorm(Tensor x, Tensor gain) {
        numbers("rmsNorm", x);
        boolean fits = gain.dtype() == DType.F32 && gain.shape().elements() == x.columns();
        check(fits, "rmsNorm", "gain F32 [" + x.columns() + "]", gain);
    }

    /** Arguments of {@link RowOps#add}. */
    public static void add(Tensor x, Tensor residual) {
        boolean same = x.shape().equals(residual.shape()) && x.dtype() == residual.dtype();
        check(same, "add", residual.toString(), x);
        numbers("add", x);
    }

    /** Arguments of {@link RowOps#swiGlu}. */
    public static void swiGlu(Tensor x) {
        numbers("swiGlu", x);
        check(x.shape().rank() == 2 && x.columns() % 2 == 0, "swiGlu", "[T, 2I]", x);
    }

    /** Arguments of {@link AttentionOps#rotary}, but for the positions themselves. */
    public static void rotary(Tensor qkv, Rotary rotary, Tensor positions, Heads heads) {
        heads("rotary", qkv, heads);
        perRow("rotary", "positions", positions, qkv);
        int dims = rotary.dims();
        if (dims < 2 || dims % 2 != 0 || dims > heads.size()) {
            throw new IllegalArgumentException(
                    "rotary: even dims of at most " + heads.size() + " expected, found " + dims);
        }
        for (Tensor t : new Tensor[] {rotary.cosine(), rotary.sine()}) {
            boolean fits = t.dtype() == DType.F32
                    && t.shape().rank() == 2
                    && t.columns() == dims / 2
                    && t.shape().equals(rotary.cosine().shape());
            check(fits, "rotary", "cosine and sine F32 [P, " + dims / 2 + "]", t);
        }
    }

    /** Arguments of {@link AttentionOps#cacheAppend}, but for the slots themselves. */
    public static void cacheAppend(Tensor qkv, KvCache cache, int layer, Tensor slots, Heads heads) {
        heads("cacheAppend", qkv, heads);
        perRow("cacheAppend", "slots", slots, qkv);
        cache("cacheAppend", cache, layer, heads);
    }

    /** Arguments of {@link AttentionOps#cachedAttention}, block tables included. */
    public static void cachedAttention(
            Tensor qkv, KvCache cache, int layer, CachedSequences sequences, Heads heads, int window) {
        heads("cachedAttention", qkv, heads);
        if (window < 1) {
            throw new IllegalArgumentException("cachedAttention: a window of at least 1 expected, found " + window);
        }
        cache("cachedAttention", cache, layer, heads);
        check(qkv.rows() == sequences.tokens(), "cachedAttention", "[" + sequences.tokens() + ", …]", qkv);
        for (int b = 0; b < sequences.count(); b++) {
            int needed = Math.ceilDiv(sequences.contexts()[b], cache.blockTokens());
            boolean fits = needed <= sequences.width();
            for (int j = 0; fits && j < needed; j++) {
                int block = sequences.block(b, j);
                fits = block >= 0 && block < cache.blocks();
            }
            if (!fits) {
                throw new IllegalArgumentException("cachedAttention: block tables of a cache of " + cache.blocks()
                        + " blocks of " + cache.blockTokens() + " tokens expected, found others");
            }
        }
    }

    /** Arguments of {@link Device#kvCache}, but for the type. */
    public static void kvCache(int layers, int keyHeads, int size, int blockTokens, int blocks) {
        if (Math.min(Math.min(layers, keyHeads), Math.min(size, Math.min(blockTokens, blocks))) < 1
                || (long) blockTokens * blocks > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(String.format(
                    "kvCache: positive numbers and at most 2³¹ − 1 slots expected, found %d layers, %d heads of %d,"
                            + " %d blocks of %d tokens",
                    layers, keyHeads, size, blocks, blockTokens));
        }
    }

    private static void heads(String operation, Tensor qkv, Heads heads) {
        numbers(operation, qkv);
        boolean fits = qkv.shape().rank() == 2 && qkv.columns() == heads.columns();
        check(fits, operation, "qkv [T, " + heads.columns() + "] for " + heads, qkv);
    }

    private static void perRow(String operation, String name, Tensor integers, Tensor x) {
        boolean fits = integers.dtype() == DType.I32 && integers.shape().elements() == x.rows();
        check(fits, operation, name + " i32 [" + x.rows() + "]", integers);
    }

    private static void cache(String operation, KvCache cache, int layer, Heads heads) {
        if (cache.keyHeads() != heads.keys() || cache.size() != heads.size()) {
            throw new IllegalArgumentException(operation + ": a cache of " + heads.keys() + " heads of " + heads.size()
                    + " expected, found " + cache.keyHeads() + " of " + cache.size());
        }
        if (layer < 0 || layer >= cache.layers()) {
            throw new IllegalArgumentException(
                    operation + ": a layer below " + cache.layers() + " expected, found " + layer);
        }
    }

    /** Arguments of {@link RowOps#gatherRows}, but for the row numbers themselves. */
    public static void gatherRows(Tensor rows) {
        check(rows.dtype() == DType.I32 && rows.shape().rank() == 1, "gatherRows", "rows i32 [N]", rows);
    }

    /** Arguments of {@link RowOps#attentionPool}. */
    public static void attentionPool(Tensor x, Tensor scores, Sequences sequences) {
        sequences("attentionPool", x, sequences);
        numbers("attentionPool", scores);
        check(scores.rows() == x.rows() && scores.columns() == 1, "attentionPool", "scores [T, 1]", scores);
    }

    /**
     * Arguments of {@link RowOps#concat}.
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

    /** Arguments of {@link SampleOps#sample}, tokens that are changed included. */
    public static void sample(Tensor logits, List<SampleRow> rows) {
        numbers("sample", logits);
        boolean fits = logits.shape().rank() == 2 && logits.rows() == rows.size();
        fits = fits && logits.columns() >= 1 && logits.columns() <= 1 << 24;
        check(fits, "sample", "logits [" + rows.size() + ", 1 … 2²⁴]", logits);
        for (SampleRow row : rows) {
            if (!row.changes().fit(logits.columns())) {
                throw new IllegalArgumentException(
                        "sample: changes of different tokens below " + logits.columns() + " expected, found others");
            }
        }
    }

    /** Arguments of {@link RecurrentOps#recurrent}. */
    public static void recurrent(
            Tensor x, Recurrent weights, Sequences sequences, RecurrentOps.@Nullable State initial) {
        check(x.columns() == weights.in(), "recurrent", "x [T, " + weights.in() + "]", x);
        sequences("recurrent", x, sequences);
        if (initial != null) {
            int width = weights.directions() * weights.hidden();
            state("hidden", initial.hidden(), sequences.count(), width);
            Tensor cell = initial.cell();
            if ((cell != null) != (weights.cell() == Recurrent.Cell.LSTM)) {
                throw new IllegalArgumentException("recurrent: the state of " + weights.cell() + " expected, found one "
                        + (cell == null ? "without cells" : "with cells"));
            }
            if (cell != null) {
                state("cell", cell, sequences.count(), width);
            }
        }
    }

    private static void state(String name, Tensor state, int count, int width) {
        boolean fits = state.dtype() == DType.F32 && state.shape().equals(Shape.of(count, width));
        check(fits, "recurrent", name + " F32 [" + count + ", " + width + "]", state);
    }

    /** Part and slots of {@link StatePool#gather} and {@link StatePool#scatter}. */
    public static void slots(String operation, StatePool.Layout layout, int part, int[] slots) {
        if (part < 0 || part >= layout.widths().size()) {
            throw new IllegalArgumentException(
                    operation + ": a part below " + layout.widths().size() + " expected, found " + part);
        }
        for (int slot : slots) {
            if (slot != StatePool.NONE) {
                slot(operation, layout, slot);
            }
        }
    }

    /** A slot of a {@link StatePool}. */
    public static void slot(String operation, StatePool.Layout layout, int slot) {
        if (slot < 0 || slot >= layout.slots()) {
            throw new IllegalArgumentException(
                    operation + ": a slot below " + layout.slots() + " expected, found " + slot);
        }
    }

    /** Arguments of {@link StatePool#scatter}. */
    public static void scatter(StatePool.Layout layout, int part, int[] slots, Tensor rows) {
        slots("scatter", layout, part, slots);
        Shape shape = Shape.of(slots.length, layout.widths().get(part));
        check(rows.dtype() == DType.F32 && rows.shape().equals(shape), "scatter", "F32 " + shape, rows);
        BitSet seen = new BitSet(layout.slots());
        for (int slot : slots) {
            if (slot != StatePool.NONE && seen.get(slot)) {
                throw new IllegalArgumentException("scatter: different slots expected, found " + slot + " twice");
            }
            if (slot != StatePool.NONE) {
                seen.set(slot);
            }
        }
    }
}
