package dev.limbic.ops.cuda;

import dev.limbic.ops.Activation;
import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Checks;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.Rotary;
import dev.limbic.ops.SampleRow;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.List;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUmemorytype;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** Operations on a CUDA stream: checks shapes, takes scratch memory, launches; nothing waits. */
final class CudaOps implements Ops {
    /** Threads of a block of a row kernel; each of its warps takes a row. */
    private static final int BLOCK = 256;

    private static final int ROWS_PER_BLOCK = BLOCK / 32;
    private static final int ACTIVATION_STRIP = 1024;
    private static final int POOL_STRIP = 256;
    private static final int CAST_PER_BLOCK = 2048;

    /** Largest heads of the tiled attention kernels, their queries per block and their threads. */
    private static final int TILED_HEAD = 64;

    private static final int WIDE_HEAD = 128;
    private static final int TILE_ROWS = 64;
    private static final int TILE_BLOCK = 128;

    private final CudaContext context;
    private final Kernels kernels;
    private final Arena scratch;
    private final Blas blas;
    private final CudaDecoding decoding;
    private final Uploads uploads;

    /** Brings small arrays of integers to the device. */
    interface Uploads {
        Tensor upload(int[] values);
    }

    CudaOps(CudaContext context, Kernels kernels, Arena scratch, Uploads uploads) {
        this.context = context;
        this.kernels = kernels;
        this.scratch = scratch;
        this.blas = new Blas(context.cublas);
        this.decoding = new CudaDecoding(kernels);
        this.uploads = uploads;
    }

    Tensor allocate(DType type, int... dims) {
        Shape shape = Shape.of(dims);
        return new Tensor(type, shape, scratch.allocate(Math.max(1, shape.elements() * type.bytes())));
    }

    @Override
    public Tensor linear(Tensor x, Linear weights, Activation activation) {
        Checks.linear(x, weights);
        CudaLinear w = (CudaLinear) weights;
        Tensor y = product(x, w);
        if (w.bias() != 0 || activation != Activation.NONE) {
            kernels.of("bias_activation", "bias_activation", y.dtype())
                    .pointer(y.address())
                    .pointer(w.bias())
                    .integer(y.rows())
                    .integer(y.columns())
                    .integer(code(activation))
                    .launch(
                            Math.ceilDiv(y.rows(), ROWS_PER_BLOCK),
                            Math.ceilDiv(y.columns(), ACTIVATION_STRIP),
                            1,
                            BLOCK,
                            0);
        }
        return y;
    }

    /** x·Wᵀ, without the bias. */
    private Tensor product(Tensor x, CudaLinear w) {
        Tensor input = cast(x, w.precision().activations());
        Tensor y = allocate(input.dtype(), x.rows(), w.out());
        blas.linear(input, w, y);
        return y;
    }

    /** As the kernels number them. */
    private static int code(Activation activation) {
        return switch (activation) {
            case NONE -> 0;
            case RELU -> 1;
            case GELU -> 2;
            case GELU_TANH -> 3;
            case SILU -> 4;
            case TANH -> 5;
            case SIGMOID -> 6;
        };
    }

    private Tensor cast(Tensor x, DType type) {
        if (x.dtype() == type) {
            return x;
        }
        Tensor y = allocate(type, x.rows(), x.columns());
        long n = x.shape().elements();
        kernels.of("cast", KernelFamily.cast(x.dtype(), type))
                .pointer(y.address())
                .pointer(x.address())
                .wide(n)
                .launch(Math.clamp((n + CAST_PER_BLOCK - 1) / CAST_PER_BLOCK, 1, 1 << 16), BLOCK);
        return y;
    }

    @Override
    public Tensor embed(List<Lookup> lookups, @Nullable Norm norm) {
        Checks.embed(lookups, norm);
        Tensor first = lookups.getFirst().table();
        if (lookups.size() > 3) {
            throw new IllegalArgumentException("embed: at most three lookups expected, found " + lookups.size());
        }
        Tensor y = allocate(first.dtype(), lookups.getFirst().ids().rows(), first.columns());
        Kernels launch = kernels.of("embed", "embed", y.dtype())
                .pointer(y.address())
                .integer(y.rows())
                .integer(y.columns())
                .integer(lookups.size());
        for (int i = 0; i < 3; i++) {
            Lookup lookup = lookups.get(Math.min(i, lookups.size() - 1));
            launch.pointer(lookup.table().address()).pointer(lookup.ids().address());
        }
        launch.pointer(norm == null ? 0 : norm.gain().address())
                .pointer(norm == null ? 0 : norm.bias().address())
                .number(norm == null ? 0 : norm.epsilon())
                .launch(Math.ceilDiv(y.rows(), ROWS_PER_BLOCK), BLOCK);
        return y;
    }

    @Override
    public void addLayerNorm(Tensor x, Tensor residual, Norm norm) {
        addLayerNorm(x, 0, residual, norm);
    }

    /** The bias is added on the way to the norm, which saves a round through memory. */
    @Override
    public void linearAddLayerNorm(Tensor x, Linear weights, Tensor residual, Norm norm) {
        Checks.linear(x, weights);
        CudaLinear w = (CudaLinear) weights;
        addLayerNorm(product(x, w), w.bias(), residual, norm);
    }

    private void addLayerNorm(Tensor x, long bias, Tensor residual, Norm norm) {
        Checks.addLayerNorm(x, residual, norm);
        kernels.of("add_layer_norm", "add_layer_norm", x.dtype())
                .pointer(x.address())
                .pointer(bias)
                .pointer(residual.address())
                .pointer(norm.gain().address())
                .pointer(norm.bias().address())
                .number(norm.epsilon())
                .integer(x.rows())
                .integer(x.columns())
                .launch(Math.ceilDiv(x.rows(), ROWS_PER_BLOCK), BLOCK);
    }

    @Override
    public Tensor attention(Tensor qkv, Sequences sequences, int heads, boolean causal) {
        return attention(qkv, 0, sequences, heads, causal);
    }

    /** The bias is added on the way to the scores, which saves a round through memory. */
    @Override
    public Tensor selfAttention(Tensor x, Linear qkv, Sequences sequences, int heads, boolean causal) {
        Checks.linear(x, qkv);
        CudaLinear w = (CudaLinear) qkv;
        return attention(product(x, w), w.bias(), sequences, heads, causal);
    }

    private Tensor attention(Tensor qkv, long bias, Sequences sequences, int heads, boolean causal) {
        Checks.attention(qkv, sequences, heads);
        int d = qkv.columns() / 3 / heads;
        boolean tiled = d <= WIDE_HEAD;
        String kernel = d <= TILED_HEAD ? "attention" : tiled ? "attention_wide" : "attention_any";
        Tensor y = allocate(qkv.dtype(), qkv.rows(), heads * d);
        int tiles = Math.ceilDiv(sequences.longest(), tiled ? TILE_ROWS : ROWS_PER_BLOCK);
        kernels.of("attention", kernel, qkv.dtype())
                .pointer(y.address())
                .pointer(qkv.address())
                .pointer(bias)
                .pointer(sequences.cuSeqlens().address())
                .integer(heads)
                .integer(d)
                .integer(causal ? 1 : 0)
                .launch(tiles, heads, sequences.count(), tiled ? TILE_BLOCK : BLOCK, 0);
        return y;
    }

    @Override
    public Tensor layerNorm(Tensor x, Norm norm) {
        Checks.layerNorm(x, norm);
        Tensor y = allocate(x.dtype(), x.rows(), x.columns());
        decoding.layerNorm(x, norm, y);
        return y;
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor gain, float epsilon) {
        Checks.rmsNorm(x, gain);
        Tensor y = allocate(x.dtype(), x.rows(), x.columns());
        decoding.rmsNorm(x, gain, epsilon, y);
        return y;
    }

    @Override
    public void add(Tensor x, Tensor residual) {
        Checks.add(x, residual);
        decoding.add(x, residual);
    }

    @Override
    public Tensor swiGlu(Tensor x) {
        Checks.swiGlu(x);
        Tensor y = allocate(x.dtype(), x.rows(), x.columns() / 2);
        decoding.swiGlu(x, y);
        return y;
    }

    @Override
    public void rotary(Tensor qkv, Rotary rotary, Tensor positions, Heads heads) {
        Checks.rotary(qkv, rotary, positions, heads);
        decoding.rotary(qkv, rotary, positions, heads);
    }

    @Override
    public void cacheAppend(Tensor qkv, KvCache cache, int layer, Tensor slots, Heads heads) {
        Checks.cacheAppend(qkv, cache, layer, slots, heads);
        decoding.cacheAppend(qkv, (CudaKvCache) cache, layer, slots, heads);
    }

    @Override
    public Tensor cachedAttention(
            Tensor qkv, KvCache cache, int layer, CachedSequences sequences, Heads heads, int window) {
        Checks.cachedAttention(qkv, cache, layer, sequences, heads, window);
        Tensor y = allocate(qkv.dtype(), qkv.rows(), heads.queries() * heads.size());
        decoding.cachedAttention(qkv, (CudaKvCache) cache, layer, sequences, heads, window, y);
        return y;
    }

    @Override
    public Tensor gatherRows(Tensor x, Tensor rows) {
        Checks.gatherRows(rows);
        Tensor y = allocate(x.dtype(), rows.rows(), x.columns());
        copyRows(x, rows, y);
        return y;
    }

    @Override
    public Tensor pool(Tensor x, Sequences sequences, Pooling pooling) {
        Checks.sequences("pool", x, sequences);
        Tensor y = allocate(x.dtype(), sequences.count(), x.columns());
        kernels.of("pool", "pool", x.dtype())
                .pointer(y.address())
                .pointer(x.address())
                .pointer(sequences.cuSeqlens().address())
                .integer(sequences.count())
                .integer(x.columns())
                .integer(pooling == Pooling.MEAN ? 0 : 1)
                .launch(Math.ceilDiv(x.columns(), POOL_STRIP), sequences.count(), 1, BLOCK, 0);
        return y;
    }

    @Override
    public Tensor attentionPool(Tensor x, Tensor scores, Sequences sequences) {
        Checks.attentionPool(x, scores, sequences);
        Tensor y = allocate(x.dtype(), sequences.count(), x.columns());
        try (Scope _ = scope()) {
            Tensor wide = cast(scores, DType.F32);
            kernels.of("pool", "attention_pool", x.dtype())
                    .pointer(y.address())
                    .pointer(x.address())
                    .pointer(wide.address())
                    .pointer(sequences.cuSeqlens().address())
                    .integer(sequences.count())
                    .integer(x.columns())
                    .launch(Math.ceilDiv(x.columns(), POOL_STRIP), sequences.count(), 1, BLOCK, 0);
        }
        return y;
    }

    @Override
    public Tensor concat(List<Tensor> parts) {
        int columns = Checks.concat(parts);
        Tensor first = parts.getFirst();
        Tensor y = allocate(first.dtype(), first.rows(), columns);
        CUDA_MEMCPY2D copy = new CUDA_MEMCPY2D();
        copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        copy.dstDevice = Address.device(y.address());
        copy.dstPitch = y.rowBytes();
        copy.Height = y.rows();
        for (Tensor part : parts) {
            copy.srcDevice = Address.device(part.address());
            copy.srcPitch = part.rowBytes();
            copy.WidthInBytes = part.rowBytes();
            Check.driver(JCudaDriver.cuMemcpy2DAsync(copy, context.stream), "cuMemcpy2DAsync of concat");
            copy.dstXInBytes += part.rowBytes();
        }
        return y;
    }

    @Override
    public Tensor softmax(Tensor x) {
        Checks.numbers("softmax", x);
        Tensor y = allocate(x.dtype(), x.rows(), x.columns());
        kernels.of("softmax", "softmax", x.dtype())
                .pointer(y.address())
                .pointer(x.address())
                .integer(x.rows())
                .integer(x.columns())
                .launch(Math.ceilDiv(x.rows(), ROWS_PER_BLOCK), BLOCK);
        return y;
    }

    @Override
    public Tensor sample(Tensor logits, List<SampleRow> rows) {
        Checks.sample(logits, rows);
        int places = SampleRow.mostAlternatives(rows);
        Tensor y = allocate(DType.F32, rows.size(), SampleRow.FIRST_ALTERNATIVE + 2 * places);
        try (Scope _ = scope()) {
            Tensor scores = allocate(DType.F32, rows.size(), logits.columns());
            decoding.sample(logits, uploads.upload(CudaDecoding.encoded(rows)), scores, places, y);
        }
        return y;
    }

    @Override
    public RecurrentOutput recurrent(Tensor x, Recurrent weights, Sequences sequences) {
        Checks.recurrent(x, weights, sequences);
        CudaRecurrent w = (CudaRecurrent) weights;
        DType type = w.precision().activations();
        DType inner = w.computes().activations();
        int b = sequences.count();
        int d = w.directions();
        int h = w.hidden();
        Tensor outputs = allocate(type, x.rows(), d * h);
        Tensor last = allocate(type, b, d * h);
        try (Scope _ = scope()) {
            Packing packing = Packing.of(sequences);
            Tensor packed = gatherRows(cast(x, inner), uploads.upload(packing.rows()));
            Tensor packedOutputs = allocate(inner, x.rows(), d * h);
            Tensor states = allocate(inner, d * b, h);
            w.forward(
                    packed,
                    packing.lengths(),
                    uploads.upload(packing.lengths()),
                    packedOutputs,
                    states,
                    scratch::allocate);
            copyRows(cast(packedOutputs, type), uploads.upload(packing.places()), outputs);
            copyRows(
                    cast(states, type),
                    uploads.upload(packing.states(d)),
                    new Tensor(type, Shape.of(b * d, h), last.address()));
        }
        return new RecurrentOutput(outputs, last);
    }

    /** gatherRows into memory that is there already. */
    private void copyRows(Tensor x, Tensor rows, Tensor y) {
        kernels.of("rows", "gather_rows")
                .pointer(y.address())
                .pointer(x.address())
                .pointer(rows.address())
                .integer(rows.rows())
                .integer(Math.toIntExact(x.rowBytes()))
                .launch(Math.ceilDiv(rows.rows(), ROWS_PER_BLOCK), BLOCK);
    }

    @Override
    public Scope scope() {
        Arena.Mark mark = scratch.mark();
        return () -> scratch.rewind(mark);
    }
}
