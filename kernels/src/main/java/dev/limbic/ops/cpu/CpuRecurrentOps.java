package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Checks;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.RecurrentOps;
import dev.limbic.ops.Scope;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Recurrent layers: directions, and groups of sequences of similar length, are dealt out to the team. */
final class CpuRecurrentOps implements RecurrentOps {
    private final CpuEngine engine;
    private final Products products;

    CpuRecurrentOps(CpuEngine engine, Products products) {
        this.engine = engine;
        this.products = products;
    }

    @Override
    public Output recurrent(Tensor x, Recurrent weights, Sequences sequences, @Nullable State initial) {
        CpuRecurrent w = (CpuRecurrent) weights;
        Checks.recurrent(x, w, sequences, initial);
        int directions = w.directions();
        DType type = w.precision().activations();
        Tensor outputs = engine.allocate(type, x.rows(), directions * w.hidden());
        Tensor hidden = engine.allocate(DType.F32, sequences.count(), directions * w.hidden());
        Tensor cell = w.cell() == Recurrent.Cell.LSTM
                ? engine.allocate(DType.F32, sequences.count(), directions * w.hidden())
                : null;
        State state = new State(hidden, cell);
        try (Scope _ = engine.scope()) {
            Tensor projected = products.linear(x, w.input(), Activation.NONE);
            int[] order = longestFirst(sequences);
            int groups = Math.min(sequences.count(), Math.max(1, engine.team().size() / directions));
            engine.shares().items(directions * groups, projected.rows() * projected.rowBytes(), (worker, from, to) -> {
                for (int i = from; i < to; i++) {
                    int first = (i / directions) * order.length / groups;
                    int end = (i / directions + 1) * order.length / groups;
                    w.run(worker, i % directions, order, first, end, projected, sequences, outputs, initial, state);
                }
            });
        }
        return new Output(outputs, engine.cast(hidden, type), state);
    }

    private static int[] longestFirst(Sequences sequences) {
        long[] keys = new long[sequences.count()];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = ((long) -sequences.length(i) << 32) | i;
        }
        Arrays.sort(keys);
        return Arrays.stream(keys).mapToInt(key -> (int) key).toArray();
    }
}
