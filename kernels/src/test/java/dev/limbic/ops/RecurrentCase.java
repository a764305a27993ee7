package dev.limbic.ops;

import dev.limbic.ops.Recurrent.Cell;
import dev.limbic.ops.RecurrentOracle.Parameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One recurrent layer with its parameters on the host. */
record RecurrentCase(
        Workbench bench,
        Cell cell,
        Precision precision,
        int in,
        int hidden,
        List<Parameters> directions,
        Recurrent layer) {

    static RecurrentCase random(Workbench bench, Cell cell, int directions, int in, int hidden, Precision precision) {
        List<Parameters> parameters = new ArrayList<>();
        int rows = cell.gates() * hidden;
        for (int d = 0; d < directions; d++) {
            parameters.add(new Parameters(
                    bench.normal(rows, in, 1 / Math.sqrt(in)),
                    bench.normal(rows, hidden, 0.6 / Math.sqrt(hidden)),
                    bench.normal(1, rows, 0.3),
                    bench.normal(1, rows, 0.3)));
        }
        Recurrent layer = bench.weights()
                .recurrent(cell, parameters.stream().map(Parameters::host).toList(), precision);
        return new RecurrentCase(bench, cell, precision, in, hidden, parameters, layer);
    }

    Matrix input(int[] lengths) {
        return bench.normal(Arrays.stream(lengths).sum(), in).storedAs(precision.activations());
    }

    RecurrentOps.Output run(Matrix x, int... lengths) {
        return bench.ops()
                .recurrence()
                .recurrent(bench.upload(x, precision.activations()), layer, bench.sequences(lengths));
    }

    /** The same from a state that an earlier run has left. */
    RecurrentOps.Output runFrom(RecurrentOps.@Nullable State initial, Matrix x, int... lengths) {
        return bench.ops()
                .recurrence()
                .recurrent(bench.upload(x, precision.activations()), layer, bench.sequences(lengths), initial);
    }

    /**
     * Of one precision's rounding, fed back at each step. f32: sums of tens of products. bf16: input and hidden
     * product (up to about 4) and the state are each rounded to 8 bits, 2⁻⁹ of 4, and the feedback can double it. f16: the same with 11 bits.
     * int8: weights and activations are emulated, so only elements next to a tie differ, by one step of 1/127 of the
     * state's span times one weight.
     */
    Closeness closeness() {
        return switch (precision) {
            case F32 -> new Closeness(5e-5, 1e-5);
            case BF16 -> new Closeness(2.5e-2, 0x1p-8);
            case F16 -> new Closeness(3.2e-3, 0x1p-10);
            case INT8 -> new Closeness(1.5e-2, 1e-5);
        };
    }

    void check(int... lengths) {
        Matrix x = input(lengths);
        RecurrentOps.Output actual = run(x, lengths);
        Matrix outputs = new Matrix(x.rows(), directions.size() * hidden, bench.download(actual.outputs()));
        RecurrentOracle.Result expected = oracle().of(x, lengths, null, precision == Precision.INT8 ? outputs : null);
        String what = cell + " × " + directions.size() + " " + precision + " [" + in + " → " + hidden + "] "
                + Arrays.toString(lengths);
        Closeness closeness = precision == Precision.INT8 ? expected.closeness() : closeness();
        closeness.check(what + " outputs", outputs.values(), expected.outputs());
        closeness.check(what + " last", bench.download(actual.last()), expected.last());
    }

    RecurrentOracle oracle() {
        return new RecurrentOracle(cell, precision, hidden, directions);
    }
}
