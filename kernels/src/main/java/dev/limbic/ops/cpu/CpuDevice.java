package dev.limbic.ops.cpu;

import dev.limbic.ops.Checks;
import dev.limbic.ops.Device;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Ops;
import dev.limbic.ops.PictureWork;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;
import dev.limbic.ops.StatePool;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;

/** The processor, through oneDNN and the vector API. */
public final class CpuDevice implements Device {
    private static final long SCRATCH_BYTES = 8L << 20;

    private final Team team;
    private final Arena scratch = new Arena(HostMemory.INSTANCE, SCRATCH_BYTES);
    private final CpuEngine engine;
    private final Ops ops;
    private final PictureGroups groups;
    private final ConvPlans convolutions;

    /**
     * A device on which a row's result does not depend on the rows beside it.
     *
     * @param threads size of the team, the owner included; best the number of physical cores. One fewer works while other
     *     threads want the cores.
     * @throws UnsatisfiedLinkError if oneDNN has no natives for this system
     * @throws dev.limbic.natives.NativeFolderException if there is no folder to unpack them into
     */
    public CpuDevice(int threads) {
        this(new TeamSize(threads));
    }

    /** Begins to load the engine on a thread of its own, for who will open a device; that tells what goes wrong. */
    public static void loadAhead() {
        OneDnn.loadAhead();
    }

    CpuDevice(TeamSize sizes) {
        OneDnn.instance();
        team = new Team(sizes);
        convolutions = new ConvPlans(team.most());
        engine = new CpuEngine(team, scratch);
        ops = ops(engine);
        groups = new PictureGroups(engine, CpuDevice::ops);
    }

    private static Ops ops(CpuEngine engine) {
        Products products = new Products(engine);
        return new Ops(
                new CpuRowOps(engine, products),
                new CpuAttentionOps(engine, products),
                new CpuRecurrentOps(engine, products),
                new CpuSampleOps(engine),
                new CpuConvOps(engine),
                engine::scope);
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String description() {
        return OneDnn.instance().version() + ", " + team.most() + " threads, "
                + VectorMath.F.vectorBitSize() + "-bit vectors"
                + (supports(Precision.BF16) ? ", bf16" : "")
                + (supports(Precision.INT8) ? ", int8" : "");
    }

    @Override
    public boolean supports(Precision precision) {
        return OneDnn.instance().multiplies(precision);
    }

    @Override
    public Ops ops() {
        return ops;
    }

    @Override
    public Weights weights() {
        return new CpuWeights(convolutions);
    }

    @Override
    public KvCache kvCache(int layers, int keyHeads, int size, int blockTokens, int blocks, DType dtype) {
        KvCache.Layout layout = new KvCache.Layout(layers, keyHeads, size, blockTokens, blocks, dtype);
        // Any processor keeps bf16; only some multiply it.
        return new CpuKvCache(layout, dtype == DType.BF16 && supports(Precision.BF16) ? dtype : DType.F32);
    }

    @Override
    public StatePool states(int slots, List<Integer> widths) {
        return new CpuStatePool(engine, new StatePool.Layout(slots, widths));
    }

    @Override
    public void beginBatch() {
        scratch.reset();
        groups.reset();
        team.resetScratch();
        team.begin();
    }

    @Override
    public Tensor upload(int[] values) {
        Tensor t = engine.allocate(DType.I32, values.length);
        for (int i = 0; i < values.length; i++) {
            Ram.setInt(t.address() + 4L * i, values[i]);
        }
        return t;
    }

    @Override
    public Tensor upload(float[] values, int rows, int columns) {
        if (values.length != rows * columns) {
            throw new IllegalArgumentException(
                    "upload: " + rows + " × " + columns + " values expected, found " + values.length);
        }
        Tensor t = engine.allocate(DType.F32, rows, columns);
        Ram.copyFrom(values, t.address());
        return t;
    }

    @Override
    public Tensor upload(List<byte[]> pieces, int rows, int columns) {
        Checks.upload(pieces, rows, columns);
        Tensor t = engine.allocate(DType.U8, rows, columns);
        long to = t.address();
        for (byte[] piece : pieces) {
            Ram.copyFrom(piece, to);
            to += piece.length;
        }
        return t;
    }

    @Override
    public Tensor each(Object key, Tensor x, Planes pictures, PictureWork work) {
        int count = groups.count(pictures);
        return count > 0 ? groups.run(x, pictures, count, work) : work.run(ops, x, pictures);
    }

    @Override
    public float[] download(Tensor tensor) {
        team.rest();
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        switch (tensor.dtype()) {
            case F32 -> Ram.copyTo(tensor.address(), values);
            case BF16 -> Rows.widen(tensor.address(), values);
            case I32 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = Ram.getInt(tensor.address() + 4L * i);
                }
            }
            case F16, I8, U8, I64 ->
                throw new IllegalArgumentException("download: no results of type " + tensor.dtype());
        }
        return values;
    }

    @Override
    public long scratchBytes() {
        return scratch.capacity() + team.scratchBytes() + groups.scratchBytes();
    }

    @Override
    public void close() {
        team.close();
        groups.close();
        scratch.close();
    }
}
