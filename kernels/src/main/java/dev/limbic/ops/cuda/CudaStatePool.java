package dev.limbic.ops.cuda;

import dev.limbic.ops.Checks;
import dev.limbic.ops.StatePool;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.stream.IntStream;
import jcuda.driver.JCudaDriver;

/** State of streams in device memory. */
final class CudaStatePool implements StatePool {
    private final CudaEngine engine;
    private final DeviceMemory memory;
    private final Layout layout;
    private long address;

    CudaStatePool(CudaEngine engine, DeviceMemory memory, Layout layout) {
        this.engine = engine;
        this.memory = memory;
        this.layout = layout;
        engine.context().enter();
        address = memory.allocate(layout.bytes());
        try {
            zero(address, layout.bytes());
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    @Override
    public Layout layout() {
        return layout;
    }

    @Override
    public Tensor gather(int part, int[] slots) {
        Checks.slots("gather", layout, part, slots);
        Tensor rows = engine.allocate(DType.F32, slots.length, layout.widths().get(part));
        int[] places = IntStream.of(slots)
                .map(slot -> slot == NONE ? layout.slots() : slot)
                .toArray();
        engine.gather(all(part), engine.uploads().upload(places), rows);
        return rows;
    }

    @Override
    public void scatter(int part, int[] slots, Tensor rows) {
        Checks.scatter(layout, part, slots, rows);
        engine.scatter(rows, engine.uploads().upload(slots), all(part));
    }

    @Override
    public void reset(int slot) {
        Checks.slot("reset", layout, slot);
        for (int part = 0; part < layout.widths().size(); part++) {
            Tensor all = all(part);
            zero(all.row(slot), all.rowBytes());
        }
    }

    private void zero(long from, long bytes) {
        Check.driver(
                JCudaDriver.cuMemsetD8Async(Address.device(from), (byte) 0, bytes, engine.context().stream),
                "cuMemsetD8Async of states");
    }

    /** A part of all slots, with the row of zeros behind them. */
    private Tensor all(int part) {
        if (address == 0) {
            throw new IllegalStateException("the states are closed");
        }
        return new Tensor(
                DType.F32, Shape.of(layout.slots() + 1, layout.widths().get(part)), address + layout.offset(part));
    }

    @Override
    public void close() {
        if (address != 0) {
            engine.context().enter();
            long freed = address;
            address = 0;
            memory.free(freed);
        }
    }
}
