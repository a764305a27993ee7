package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** See {@link CheckedDevice}. Layers of 16 bits carry on what they do not show, so that only others are compared. */
final class CheckedRecurrence implements RecurrentOps {
    private final RecurrentOps ops;
    private final Witness witness;

    CheckedRecurrence(RecurrentOps ops, Witness witness) {
        this.ops = ops;
        this.witness = witness;
    }

    @Override
    public Output recurrent(Tensor x, Recurrent weights, Sequences sequences, @Nullable State initial) {
        Output y = ops.recurrent(x, weights, sequences, initial);
        if (y.outputs().dtype() == DType.F32) {
            Matrix outputs = witness.of(y.outputs());
            RecurrentOracle.Result expected = witness.oracle(weights)
                    .of(witness.of(x), Witness.lengths(sequences), initial == null ? null : of(initial), outputs);
            Closeness closeness = expected.closeness();
            witness.check("recurrent", y.outputs(), expected.outputs(), closeness);
            witness.check("recurrent", y.last(), expected.last(), closeness);
            witness.check("recurrent", y.state().hidden(), expected.last(), closeness);
            Tensor cell = y.state().cell();
            if (cell != null) {
                witness.check("recurrent", cell, expected.cells(), closeness);
            }
        }
        return y;
    }

    private RecurrentOracle.Initial of(State state) {
        Matrix hidden = witness.of(state.hidden());
        Tensor cell = state.cell();
        return new RecurrentOracle.Initial(hidden, cell == null ? hidden : witness.of(cell));
    }
}
