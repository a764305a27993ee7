package dev.limbic.ops.cuda;

import dev.limbic.ops.Checks;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.RecurrentOps;
import dev.limbic.ops.Scope;
import dev.limbic.ops.Sequences;
import dev.limbic.ops.cuda.CudaRecurrent.PackedState;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Recurrent layers through cuDNN, which wants its rows in another order. */
final class CudaRecurrentOps implements RecurrentOps {
    private final CudaEngine engine;

    CudaRecurrentOps(CudaEngine engine) {
        this.engine = engine;
    }

    @Override
    public Output recurrent(Tensor x, Recurrent weights, Sequences sequences, @Nullable State initial) {
        Checks.recurrent(x, weights, sequences, initial);
        CudaRecurrent w = (CudaRecurrent) weights;
        DType type = w.precision().activations();
        int b = sequences.count();
        int width = w.directions() * w.hidden();
        Tensor outputs = engine.allocate(type, x.rows(), width);
        Tensor hidden = engine.allocate(DType.F32, b, width);
        Tensor cell = w.cell() == Recurrent.Cell.LSTM ? engine.allocate(DType.F32, b, width) : null;
        try (Scope _ = engine.scope()) {
            run(w, x, Packing.of(sequences), initial, outputs, hidden, cell);
        }
        return new Output(outputs, engine.cast(hidden, type), new State(hidden, cell));
    }

    private void run(
            CudaRecurrent w,
            Tensor x,
            Packing packing,
            @Nullable State initial,
            Tensor outputs,
            Tensor hidden,
            @Nullable Tensor cell) {
        int d = w.directions();
        DType inner = w.computes().activations();
        Tensor packed = engine.allocate(inner, x.rows(), x.columns());
        engine.gather(engine.cast(x, inner), engine.uploads().upload(packing.rows()), packed);
        Tensor packedOutputs = engine.allocate(inner, x.rows(), outputs.columns());
        int rows = d * packing.order().length;
        PackedState from = new PackedState(null, null);
        if (initial != null) {
            Tensor order = engine.uploads().upload(packing.packedStates(d));
            from = new PackedState(
                    packed(initial.hidden(), order, w.hidden(), inner),
                    packed(initial.cell(), order, w.hidden(), inner));
        }
        PackedState to = new PackedState(
                engine.allocate(inner, rows, w.hidden()),
                cell == null ? null : engine.allocate(inner, rows, w.hidden()));
        w.forward(
                packed,
                packing.lengths(),
                engine.uploads().upload(packing.lengths()),
                packedOutputs,
                from,
                to,
                engine.scratch()::allocate);
        engine.gather(
                engine.cast(packedOutputs, outputs.dtype()), engine.uploads().upload(packing.places()), outputs);
        Tensor order = engine.uploads().upload(packing.unpackedStates(d));
        unpack(to.hidden(), order, hidden);
        unpack(to.cell(), order, cell);
    }

    /** A state [B, D·H] as cuDNN wants it. */
    private @Nullable Tensor packed(@Nullable Tensor state, Tensor order, int hidden, DType inner) {
        if (state == null) {
            return null;
        }
        Tensor rows = engine.allocate(DType.F32, order.rows(), hidden);
        engine.gather(byDirection(state, hidden), order, rows);
        return engine.cast(rows, inner);
    }

    private void unpack(@Nullable Tensor packed, Tensor order, @Nullable Tensor state) {
        if (packed != null && state != null) {
            engine.gather(engine.cast(packed, DType.F32), order, byDirection(state, packed.columns()));
        }
    }

    /** [B, D·H] seen as [B·D, H]. */
    private static Tensor byDirection(Tensor state, int hidden) {
        int rows = Math.toIntExact(state.shape().elements() / hidden);
        return new Tensor(state.dtype(), Shape.of(rows, hidden), state.address());
    }
}
