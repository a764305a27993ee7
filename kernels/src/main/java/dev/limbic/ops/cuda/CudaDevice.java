package dev.limbic.ops.cuda;

import dev.limbic.ops.Checks;
import dev.limbic.ops.Device;
import dev.limbic.ops.DeviceException;
import dev.limbic.ops.Extent;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;
import dev.limbic.ops.StatePool;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Supplier;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;

/** One NVIDIA chip, through JCuda. */
public final class CudaDevice implements Device {
    private static final long SCRATCH_BYTES = 64L << 20;
    private static final long STAGING_BYTES = 1L << 20;

    /** Larger batches keep the chip busy for longer than their launches take; recording gains nothing there. */
    private static final int MOST_RECORDED_TOKENS = 4096;

    /** What cuBLAS wants on Hopper; without memory of ours it takes some for every graph. */
    private static final long CUBLAS_BYTES = 32L << 20;

    private final CudaContext context;
    private final DeviceMemory memory = new DeviceMemory();
    private final Arena scratch = new Arena(memory, SCRATCH_BYTES);
    private final Staging staging;
    private final Kernels kernels;
    private final CudaEngine engine;
    private final Ops ops;
    private final Graphs graphs;
    private final long cublasMemory;
    private boolean underWay;

    /**
     * Opens a chip, compiling the kernels for it unless they came along with this build or the cache has them.
     *
     * @throws dev.limbic.ops.DeviceException that says what is missing
     */
    public CudaDevice(CudaSettings settings) {
        this(settings, ShippedKernels.ofThisBuild());
    }

    CudaDevice(CudaSettings settings, ShippedKernels shipped) {
        context = new CudaContext(settings.ordinal(), shipped.chips().isEmpty());
        try {
            KernelCache cache = new KernelCache(settings.cache(), context.chip(), shipped);
            kernels = new Kernels(cache, context.stream);
            staging = new Staging(context, STAGING_BYTES);
            cublasMemory = memory.allocate(CUBLAS_BYTES);
            Check.cublas(
                    JCublas2.cublasSetWorkspace(context.cublas, Address.pointer(cublasMemory), CUBLAS_BYTES),
                    "cublasSetWorkspace");
            engine = new CudaEngine(context, kernels, scratch, this::upload);
            Products products = new Products(engine);
            ops = new Ops(
                    new CudaRowOps(engine, products),
                    new CudaAttentionOps(engine, products),
                    new CudaRecurrentOps(engine),
                    new CudaSampleOps(engine),
                    new CudaConvOps(engine),
                    engine::scope);
            graphs = new Graphs(context, scratch, settings.graphs());
        } catch (RuntimeException | Error failure) {
            context.close();
            throw failure;
        }
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public String description() {
        return context.name() + ", compute capability " + context.chip() / 10 + "." + context.chip() % 10;
    }

    @Override
    public boolean supports(Precision precision) {
        return switch (precision) {
            case F32, F16 -> true;
            case BF16 -> context.chip() >= CudaContext.AMPERE;
            case INT8 -> false;
        };
    }

    @Override
    public Ops ops() {
        return ops;
    }

    @Override
    public Weights weights() {
        return new CudaWeights(context, memory, graphs, kernels);
    }

    @Override
    public KvCache kvCache(int layers, int keyHeads, int size, int blockTokens, int blocks, DType dtype) {
        context.enter();
        kernels.prepareDecoding();
        KvCache.Layout layout = new KvCache.Layout(layers, keyHeads, size, blockTokens, blocks, dtype);
        return new CudaKvCache(context, memory, graphs, layout);
    }

    @Override
    public StatePool states(int slots, List<Integer> widths) {
        return new CudaStatePool(engine, memory, new StatePool.Layout(slots, widths));
    }

    /**
     * A little more of everything: tokens in eighths of a power of two, sequences a power of two with one to spare for
     * the padding, and the longest a power of two.
     */
    @Override
    public Extent padded(Extent batch) {
        if (batch.tokens() > MOST_RECORDED_TOKENS) {
            return batch;
        }
        int step = Math.max(8, Integer.highestOneBit(batch.tokens()) / 8);
        int tokens = (batch.tokens() + step - 1) / step * step;
        int sequences = powerOfTwo(batch.sequences() + 1);
        int longest = powerOfTwo(Math.max(KernelNumbers.TILE_ROWS, Math.max(batch.longest(), tokens - batch.tokens())));
        return new Extent(tokens, sequences, longest);
    }

    /** The next one that is not smaller. */
    private static int powerOfTwo(int n) {
        return n == 1 ? 1 : Integer.highestOneBit(n - 1) << 1;
    }

    @Override
    public Tensor replay(Object key, Extent extent, Supplier<Tensor> work) {
        return extent.tokens() > MOST_RECORDED_TOKENS ? work.get() : graphs.run(List.of(key, extent), work);
    }

    /** However many: cuDNN takes its time with every call of a convolution. */
    @Override
    public Tensor replay(Object key, Planes pictures, Supplier<Tensor> work) {
        return graphs.run(List.of(key, pictures), work);
    }

    @Override
    public void beginBatch() {
        context.enter();
        if (underWay) {
            context.synchronise(); // a batch that failed half way: its copies still read what is reused now
            underWay = false;
        }
        scratch.reset();
        staging.reset();
    }

    @Override
    public Tensor upload(int[] values) {
        Tensor t = engine.allocate(DType.I32, values.length);
        Staging.Piece piece = staging.take(4L * values.length);
        MemorySegment.copy(values, 0, piece.memory(), ValueLayout.JAVA_INT, 0, values.length);
        copyIn(t, piece);
        return t;
    }

    @Override
    public Tensor upload(float[] values, int rows, int columns) {
        if (values.length != rows * columns) {
            throw new IllegalArgumentException(
                    "upload: " + rows + " × " + columns + " values expected, found " + values.length);
        }
        Tensor t = engine.allocate(DType.F32, rows, columns);
        Staging.Piece piece = staging.take(4L * values.length);
        MemorySegment.copy(values, 0, piece.memory(), ValueLayout.JAVA_FLOAT, 0, values.length);
        copyIn(t, piece);
        return t;
    }

    @Override
    public Tensor upload(List<byte[]> pieces, int rows, int columns) {
        Checks.upload(pieces, rows, columns);
        Tensor t = engine.allocate(DType.U8, rows, columns);
        Staging.Piece staged = staging.take((long) rows * columns);
        long to = 0;
        for (byte[] piece : pieces) {
            MemorySegment.copy(piece, 0, staged.memory(), ValueLayout.JAVA_BYTE, to, piece.length);
            to += piece.length;
        }
        copyIn(t, staged);
        return t;
    }

    private void copyIn(Tensor to, Staging.Piece from) {
        underWay = true;
        if (from.memory().byteSize() > 0) {
            Check.driver(
                    JCudaDriver.cuMemcpyHtoDAsync(
                            Address.device(to.address()),
                            from.pointer(),
                            from.memory().byteSize(),
                            context.stream),
                    "cuMemcpyHtoDAsync");
        }
    }

    @Override
    public float[] download(Tensor tensor) {
        int count = Math.toIntExact(tensor.shape().elements());
        long bytes = (long) count * tensor.dtype().bytes();
        Staging.Piece piece = staging.take(bytes);
        if (bytes > 0) {
            Check.driver(
                    JCudaDriver.cuMemcpyDtoHAsync(
                            piece.pointer(), Address.device(tensor.address()), bytes, context.stream),
                    "cuMemcpyDtoHAsync");
        }
        context.synchronise();
        underWay = false;
        return HalfPrecision.read(piece.memory(), tensor.dtype(), count);
    }

    @Override
    public long scratchBytes() {
        return scratch.capacity();
    }

    /** For tests. */
    CudaEngine engine() {
        return engine;
    }

    /** Blocks of device memory that are held; for tests. */
    long liveBlocks() {
        return memory.liveBlocks();
    }

    @Override
    public void close() {
        context.enter();
        try {
            context.synchronise();
        } finally {
            // After a failure of the chip these calls fail too; the context takes all of it along.
            graphs.close();
            closeQuietly(scratch::close);
            closeQuietly(() -> memory.free(cublasMemory));
            staging.close();
            kernels.close();
            context.close();
        }
    }

    private static void closeQuietly(Runnable close) {
        try {
            close.run();
        } catch (DeviceException lost) {
            // what is lost needs no closing
        }
    }
}
