package dev.limbic.ops.cpu;

import dev.limbic.ops.Checks;
import dev.limbic.ops.StatePool;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;

/** State of streams in host memory. */
final class CpuStatePool implements StatePool {
    private final CpuEngine engine;
    private final Layout layout;
    private long address;

    CpuStatePool(CpuEngine engine, Layout layout) {
        this.engine = engine;
        this.layout = layout;
        address = HostMemory.INSTANCE.allocate(layout.bytes());
    }

    @Override
    public Layout layout() {
        return layout;
    }

    @Override
    public Tensor gather(int part, int[] slots) {
        Checks.slots("gather", layout, part, slots);
        Tensor rows = engine.allocate(DType.F32, slots.length, layout.widths().get(part));
        for (int i = 0; i < slots.length; i++) {
            Ram.copy(row(part, slots[i] == NONE ? layout.slots() : slots[i]), rows.row(i), rows.rowBytes());
        }
        return rows;
    }

    @Override
    public void scatter(int part, int[] slots, Tensor rows) {
        Checks.scatter(layout, part, slots, rows);
        for (int i = 0; i < slots.length; i++) {
            if (slots[i] != NONE) {
                Ram.copy(rows.row(i), row(part, slots[i]), rows.rowBytes());
            }
        }
    }

    @Override
    public void reset(int slot) {
        Checks.slot("reset", layout, slot);
        for (int part = 0; part < layout.widths().size(); part++) {
            Ram.fill(row(part, slot), 4L * layout.widths().get(part), (byte) 0);
        }
    }

    private long row(int part, int slot) {
        if (address == 0) {
            throw new IllegalStateException("the states are closed");
        }
        return address + layout.offset(part) + 4L * layout.widths().get(part) * slot;
    }

    @Override
    public void close() {
        if (address != 0) {
            HostMemory.INSTANCE.free(address);
            address = 0;
        }
    }
}
