package dev.limbic.ops;

import static dev.limbic.ops.Nan.check;
import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.Recurrent.Cell;
import dev.limbic.ops.RecurrentOps.Output;
import dev.limbic.ops.RecurrentOps.State;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link RecurrentOps#recurrent} with a state that is carried on. */
interface RecurrentStateCases {
    Workbench bench();

    /** f32 differs by the order of sums; elsewhere a provider may round what it carries to the type of its rows. */
    private static Closeness carried(RecurrentCase c) {
        return c.precision() == Precision.F32 ? new Closeness(2e-6, 1e-6) : c.closeness();
    }

    private static Stream<Tensor> tensors(State state) {
        Tensor cell = state.cell();
        return cell == null ? Stream.of(state.hidden()) : Stream.of(state.hidden(), cell);
    }

    private void checkStates(String what, RecurrentCase c, State actual, State expected) {
        float[][] own = tensors(actual).map(bench()::download).toArray(float[][]::new);
        float[][] other = tensors(expected).map(bench()::download).toArray(float[][]::new);
        assertThat(own).as(what).hasNumberOfRows(c.cell() == Cell.LSTM ? 2 : 1);
        for (int i = 0; i < own.length; i++) {
            carried(c).checkSame(what + (i == 0 ? " hidden" : " cell"), own[i], other[i]);
        }
    }

    /** Sequences of several lengths are cut at several places, and the pieces run in batches of the sequences they are of. */
    @ParameterizedTest
    @EnumSource
    default void piecesWithCarriedStateAreTheWhole(Precision precision) {
        bench().assumeComputes(precision);
        int[] lengths = {9, 4, 12, 5};
        int[][] pieces = {{1, 3, 2, 4}, {6, 0, 6, 1}, {2, 1, 4, 0}};
        int[] bounds = Workbench.bounds(lengths);
        for (int hidden : new int[] {5, 36}) {
            for (Cell cell : Cell.values()) {
                RecurrentCase c = RecurrentCase.random(bench(), cell, 1, 12, hidden, precision);
                Matrix x = c.input(lengths);
                Output whole = c.run(x, lengths);
                float[] outputs = bench().download(whole.outputs());
                String what = cell + " " + precision + " of " + hidden;
                for (int b = 0; b < lengths.length; b++) {
                    State state = null;
                    int row = bounds[b];
                    for (int[] piece : pieces) {
                        if (piece[b] > 0) {
                            Output last = c.runFrom(state, x.rows(row, row + piece[b]), piece[b]);
                            carried(c)
                                    .checkSame(
                                            what + " outputs of " + b + " from row " + row,
                                            bench().download(last.outputs()),
                                            Arrays.copyOfRange(outputs, row * hidden, (row + piece[b]) * hidden));
                            state = last.state();
                            row += piece[b];
                        }
                    }
                    assertThat(row).isEqualTo(bounds[b + 1]);
                    checkStates(what + " state of " + b, c, Objects.requireNonNull(state), rowOf(whole.state(), b));
                }
            }
        }
    }

    private static State rowOf(State state, int b) {
        Tensor cell = state.cell();
        return new State(row(state.hidden(), b), cell == null ? null : row(cell, b));
    }

    private static Tensor row(Tensor x, int b) {
        return new Tensor(x.dtype(), Shape.of(1, x.columns()), x.row(b));
    }

    /** Two directions, a batch out of order of length: each sequence begins with its own state, alone as in company. */
    @ParameterizedTest
    @EnumSource
    default void aSequenceBeginsWithItsOwnStateInAnyBatch(Precision precision) {
        bench().assumeComputes(precision);
        int[] lengths = {3, 8, 1, 5};
        int[] bounds = Workbench.bounds(lengths);
        for (Cell cell : Cell.values()) {
            for (int directions = 1; directions <= 2; directions++) {
                RecurrentCase c = RecurrentCase.random(bench(), cell, directions, 7, 20, precision);
                Matrix x = c.input(lengths);
                State initial = c.run(c.input(lengths), lengths).state();
                Output batch = c.runFrom(initial, x, lengths);
                float[] outputs = bench().download(batch.outputs());
                int width = directions * 20;
                for (int b = 0; b < lengths.length; b++) {
                    Output alone = c.runFrom(rowOf(initial, b), x.rows(bounds[b], bounds[b + 1]), lengths[b]);
                    String what = cell + " " + directions + " " + precision + " sequence " + b;
                    carried(c)
                            .checkSame(
                                    what,
                                    bench().download(alone.outputs()),
                                    Arrays.copyOfRange(outputs, bounds[b] * width, bounds[b + 1] * width));
                    checkStates(what, c, alone.state(), rowOf(batch.state(), b));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    default void aStateOfZerosIsNone(Precision precision) {
        bench().assumeComputes(precision);
        int[] lengths = {2, 6};
        for (Cell cell : Cell.values()) {
            RecurrentCase c = RecurrentCase.random(bench(), cell, 2, 9, 11, precision);
            Matrix x = c.input(lengths);
            State zeros = new State(bench().zeros(2, 22), cell == Cell.LSTM ? bench().zeros(2, 22) : null);
            assertThat(bench().download(c.runFrom(zeros, x, lengths).outputs()))
                    .isEqualTo(bench().download(c.run(x, lengths).outputs()));
        }
    }

    /** NaN in the state of one sequence is in all of that sequence and in no other. */
    @ParameterizedTest
    @EnumSource
    default void nanOfAStateStaysInItsSequence(Precision precision) {
        bench().assumeComputes(precision);
        int[] lengths = {4, 9, 1};
        int hidden = 20;
        for (Cell cell : Cell.values()) {
            RecurrentCase c = RecurrentCase.random(bench(), cell, 1, 12, hidden, precision);
            Matrix x = c.input(lengths);
            Matrix h = bench().normal(3, hidden, 0.5);
            Matrix cells = bench().normal(3, hidden, 0.5);
            Output clean = c.runFrom(state(cell, h, cells), x, lengths);
            Output y = c.runFrom(state(cell, h.with(1, 3, Float.NaN), cells), x, lengths);
            String what = cell + " " + precision;
            check(what, bench().download(y.outputs()), bench().download(clean.outputs()), hidden, 4, 13);
            check(
                    what,
                    bench().download(y.state().hidden()),
                    bench().download(clean.state().hidden()),
                    hidden,
                    1,
                    2);
        }
    }

    private State state(Cell cell, Matrix hidden, Matrix cells) {
        return new State(
                bench().upload(hidden, DType.F32), cell == Cell.LSTM ? bench().upload(cells, DType.F32) : null);
    }

    /** c = σ(f)·c + σ(i)·tanh(g), h = σ(o)·tanh(c), after rows that were run one by one in double. */
    @ParameterizedTest
    @EnumSource
    default void theStateIsTheOracles(Precision precision) {
        bench().assumeComputes(precision);
        int[] lengths = {5, 1, 3};
        for (Cell cell : Cell.values()) {
            for (int directions = 1; directions <= 2; directions++) {
                RecurrentCase c = RecurrentCase.random(bench(), cell, directions, 12, 20, precision);
                Matrix x = c.input(lengths);
                Output output = c.run(x, lengths);
                RecurrentOracle.Result expected = c.oracle().of(x, lengths);
                String what = cell + " " + directions + " " + precision;
                c.closeness()
                        .check(what + " hidden", bench().download(output.state().hidden()), expected.last());
                Tensor cells = output.state().cell();
                if (cells != null) {
                    c.closeness().check(what + " cells", bench().download(cells), expected.cells());
                }
            }
        }
    }
}
