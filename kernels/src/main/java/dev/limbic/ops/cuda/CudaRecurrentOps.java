package dev.limbic.ops.cuda;

import dev.limbic.ops.Checks;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.RecurrentOps;
import dev.limbic.ops.Scope;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;

/** Recurrent layers through cuDNN, which wants its rows in another order. */
final class CudaRecurrentOps implements RecurrentOps {
    private final CudaEngine engine;

    CudaRecurrentOps(CudaEngine engine) {
        this.engine = engine;
    }

    @Override
    public Output recurrent(Tensor x, Recurrent weights, Sequences sequences) {
        Checks.recurrent(x, weights, sequences);
        CudaRecurrent w = (CudaRecurrent) weights;
        DType type = w.precision().activations();
        DType inner = w.computes().activations();
        int b = sequences.count();
        int d = w.directions();
        int h = w.hidden();
        Tensor outputs = engine.allocate(type, x.rows(), d * h);
        Tensor last = engine.allocate(type, b, d * h);
        try (Scope _ = engine.scope()) {
            Packing packing = Packing.of(sequences);
            Tensor packed = engine.allocate(inner, x.rows(), x.columns());
            engine.gather(engine.cast(x, inner), engine.uploads().upload(packing.rows()), packed);
            Tensor packedOutputs = engine.allocate(inner, x.rows(), d * h);
            Tensor states = engine.allocate(inner, d * b, h);
            w.forward(
                    packed,
                    packing.lengths(),
                    engine.uploads().upload(packing.lengths()),
                    packedOutputs,
                    states,
                    engine.scratch()::allocate);
            engine.gather(engine.cast(packedOutputs, type), engine.uploads().upload(packing.places()), outputs);
            engine.gather(
                    engine.cast(states, type),
                    engine.uploads().upload(packing.states(d)),
                    new Tensor(type, Shape.of(b * d, h), last.address()));
        }
        return new Output(outputs, last);
    }
}
