package dev.limbic.ops.cuda;

import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Heads;
import dev.limbic.ops.LogitChanges;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Rotary;
import dev.limbic.ops.SampleRow;
import dev.limbic.tensor.Tensor;
import java.util.List;

/** Launches what decoders are made of; arguments were checked by {@link CudaOps}, which also allocates the results. */
final class CudaDecoding {
    /** Threads of a block of a row kernel, and its warps, each of which takes a row or a head of one. */
    private static final int BLOCK = 256;

    private static final int WARPS = BLOCK / 32;

    /** Columns of an elementwise kernel's warp. */
    private static final int STRIP = 1024;

    /** Largest heads of the attention that deals keys out to lanes, its threads, and rows · query heads of a block. */
    private static final int WIDEST_HEAD = 256;

    private static final int ATTENTION_BLOCK = 128;
    private static final int ATTENTION_ITEMS = 8;

    private static final int SAMPLE_BLOCK = 512;

    /** Numbers of a row of sample, and of a change of one of its logits, as the kernel reads them. */
    private static final int ROW_NUMBERS = 9;

    private static final int CHANGE_NUMBERS = 4;

    private final Kernels kernels;

    CudaDecoding(Kernels kernels) {
        this.kernels = kernels;
    }

    void layerNorm(Tensor x, Norm norm, Tensor y) {
        kernels.of("norm", "layer_norm", x.dtype())
                .pointer(y.address())
                .pointer(x.address())
                .pointer(norm.gain().address())
                .pointer(norm.bias().address())
                .number(norm.epsilon())
                .integer(x.rows())
                .integer(x.columns())
                .launch(Math.ceilDiv(x.rows(), WARPS), BLOCK);
    }

    void rmsNorm(Tensor x, Tensor gain, float epsilon, Tensor y) {
        kernels.of("norm", "rms_norm", x.dtype())
                .pointer(y.address())
                .pointer(x.address())
                .pointer(gain.address())
                .number(epsilon)
                .integer(x.rows())
                .integer(x.columns())
                .launch(Math.ceilDiv(x.rows(), WARPS), BLOCK);
    }

    void add(Tensor x, Tensor residual) {
        elementwise("add", x, residual);
    }

    void swiGlu(Tensor x, Tensor y) {
        elementwise("swiglu", x, y);
    }

    private void elementwise(String kernel, Tensor x, Tensor y) {
        kernels.of("elementwise", kernel, x.dtype())
                .pointer(y.address())
                .pointer(x.address())
                .integer(y.rows())
                .integer(y.columns())
                .launch(Math.ceilDiv(y.rows(), WARPS), Math.ceilDiv(y.columns(), STRIP), 1, BLOCK, 0);
    }

    void rotary(Tensor qkv, Rotary rotary, Tensor positions, Heads heads) {
        int turned = heads.queries() + heads.keys();
        kernels.of("rotary", "rotary", qkv.dtype())
                .pointer(qkv.address())
                .pointer(rotary.cosine().address())
                .pointer(rotary.sine().address())
                .pointer(positions.address())
                .integer(qkv.rows())
                .integer(qkv.columns())
                .integer(turned)
                .integer(heads.size())
                .integer(rotary.dims() / 2)
                .integer(rotary.interleaved() ? 1 : 0)
                .launch(Math.ceilDiv(Math.multiplyExact(qkv.rows(), turned), WARPS), BLOCK);
    }

    void cacheAppend(Tensor qkv, CudaKvCache cache, int layer, Tensor slots, Heads heads) {
        int stored = 2 * heads.keys();
        kernels.of("cache_append", pair("cache_append", qkv, cache))
                .pointer(cache.layer(layer))
                .pointer(qkv.address())
                .pointer(slots.address())
                .integer(qkv.rows())
                .integer(heads.queries())
                .integer(heads.keys())
                .integer(heads.size())
                .integer(cache.blockTokens())
                .launch(Math.ceilDiv(Math.multiplyExact(qkv.rows(), stored), WARPS), BLOCK);
    }

    void cachedAttention(
            Tensor qkv, CudaKvCache cache, int layer, CachedSequences sequences, Heads heads, int window, Tensor y) {
        boolean dealt = heads.size() <= WIDEST_HEAD;
        String kernel = dealt ? "cached_attention" : "cached_attention_any";
        int items = Math.multiplyExact(sequences.longest(), heads.group());
        kernels.of("cached_attention", pair(kernel, qkv, cache))
                .pointer(y.address())
                .pointer(qkv.address())
                .pointer(cache.layer(layer))
                .pointer(sequences.cuSeqlens().address())
                .pointer(sequences.blockTables().address())
                .pointer(sequences.contextLengths().address())
                .integer(sequences.width())
                .integer(heads.queries())
                .integer(heads.keys())
                .integer(heads.size())
                .integer(cache.blockTokens())
                .integer(window)
                .launch(
                        Math.ceilDiv(items, ATTENTION_ITEMS),
                        heads.keys(),
                        sequences.count(),
                        dealt ? ATTENTION_BLOCK : BLOCK,
                        0);
    }

    void sample(Tensor logits, Tensor rows, Tensor scores, int places, Tensor y) {
        kernels.of("sample", "sample", logits.dtype())
                .pointer(y.address())
                .pointer(logits.address())
                .pointer(scores.address())
                .pointer(rows.address())
                .integer(logits.columns())
                .integer(places)
                .launch(logits.rows(), SAMPLE_BLOCK);
    }

    /** Rows, then the changes of all rows, in one array: one copy to the device. Floats stand as their bits. */
    static int[] encoded(List<SampleRow> rows) {
        int changes = 0;
        for (SampleRow row : rows) {
            changes += row.changes().count();
        }
        int[] numbers = new int[rows.size() * ROW_NUMBERS + changes * CHANGE_NUMBERS];
        int at = 0;
        int end = rows.size() * ROW_NUMBERS;
        for (SampleRow row : rows) {
            LogitChanges rowChanges = row.changes();
            numbers[at++] = Float.floatToRawIntBits(row.inverseTemperature());
            numbers[at++] = row.topK();
            numbers[at++] = Float.floatToRawIntBits(row.topP());
            numbers[at++] = Float.floatToRawIntBits(row.minP());
            numbers[at++] = (int) (row.drawBits() >>> 32);
            numbers[at++] = (int) row.drawBits();
            numbers[at++] = row.alternatives();
            numbers[at++] = end;
            numbers[at++] = rowChanges.count();
            for (int i = 0; i < rowChanges.count(); i++) {
                numbers[end++] = rowChanges.ids()[i];
                numbers[end++] = Float.floatToRawIntBits(rowChanges.before()[i]);
                numbers[end++] = Float.floatToRawIntBits(rowChanges.factors()[i]);
                numbers[end++] = Float.floatToRawIntBits(rowChanges.after()[i]);
            }
        }
        return numbers;
    }

    /** Kernels of the cache exist for every type of activations with every type of the cache. */
    private static String pair(String kernel, Tensor qkv, CudaKvCache cache) {
        return KernelFamily.paired(kernel, qkv.dtype(), cache.dtype());
    }
}
