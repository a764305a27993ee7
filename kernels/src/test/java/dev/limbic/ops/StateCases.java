package dev.limbic.ops;

import static dev.limbic.ops.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.ops.Recurrent.Cell;
import dev.limbic.ops.RecurrentOps.Output;
import dev.limbic.ops.RecurrentOps.State;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link StatePool}: what streams keep from one batch to the next. */
interface StateCases {
    Workbench bench();

    private Tensor upload(Matrix matrix) {
        return bench().upload(matrix, DType.F32);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 33, 128, 1025})
    default void statesLiveOnFromBatchToBatch(int width) {
        try (StatePool pool = bench().device().states(5, List.of(3, width, 4))) {
            int[] all = {0, 1, 2, 3, 4};
            bench().device().beginBatch();
            assertThat(bench().download(pool.gather(1, all))).containsOnly(0);
            Matrix rows = bench().normal(3, width);
            pool.scatter(1, new int[] {4, 0, 2}, upload(rows));
            for (int batch = 0; batch < 3; batch++) {
                bench().device().beginBatch();
                upload(bench().normal(40, width)); // what is in scratch is another matter
                assertThat(bench().download(pool.gather(1, new int[] {0, 2, 4, 0})))
                        .isEqualTo(concat(rows.rows(1, 2), rows.rows(2, 3), rows.rows(0, 1), rows.rows(1, 2)));
                assertThat(bench().download(pool.gather(1, new int[] {1, 3}))).containsOnly(0);
            }
            for (int other : new int[] {0, 2}) {
                assertThat(bench().download(pool.gather(other, all))).containsOnly(0);
            }
        }
    }

    private static float[] concat(Matrix... rows) {
        int width = rows[0].columns();
        float[] all = new float[rows.length * width];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i].values(), 0, all, i * width, width);
        }
        return all;
    }

    @Test
    default void rowsOfNoSlotAreZerosAndAreDropped() {
        try (StatePool pool = bench().device().states(2, List.of(6))) {
            Matrix rows = bench().normal(4, 6);
            pool.scatter(0, new int[] {StatePool.NONE, 1, StatePool.NONE, 0}, upload(rows));
            float[] zeros = new float[6];
            assertThat(bench().download(pool.gather(0, new int[] {0, StatePool.NONE, 1, StatePool.NONE})))
                    .isEqualTo(
                            concat(rows.rows(3, 4), new Matrix(1, 6, zeros), rows.rows(1, 2), new Matrix(1, 6, zeros)));
            assertThat(bench().download(pool.gather(0, new int[0]))).isEmpty();
            pool.scatter(0, new int[0], bench().zeros(0, 6));
        }
    }

    @Test
    default void aResetSlotIsZeroInAllPartsAndNoOtherIs() {
        try (StatePool pool = bench().device().states(3, List.of(5, 1, 70))) {
            int[] all = {0, 1, 2};
            float[][] before = new float[3][];
            for (int part = 0; part < 3; part++) {
                Matrix rows = bench().normal(3, pool.layout().widths().get(part));
                pool.scatter(part, all, upload(rows));
                before[part] = rows.values().clone();
            }
            pool.reset(1);
            for (int part = 0; part < 3; part++) {
                int width = pool.layout().widths().get(part);
                Arrays.fill(before[part], width, 2 * width, 0);
                assertThat(bench().download(pool.gather(part, all))).isEqualTo(before[part]);
            }
        }
    }

    @Test
    default void partsSlotsAndRowsOutOfBoundsAreRefused() {
        Device device = bench().device();
        refused("states", () -> device.states(0, List.of(4)));
        refused("states", () -> device.states(2, List.of()));
        refused("states", () -> device.states(2, List.of(4, 0)));
        try (StatePool pool = device.states(2, List.of(4, 5))) {
            refused("gather: a slot below 2 expected, found 2", () -> pool.gather(0, new int[] {0, 2}));
            refused("gather: a slot below 2 expected, found -2", () -> pool.gather(0, new int[] {-2}));
            refused("gather: a part below 2 expected, found 2", () -> pool.gather(2, new int[] {0}));
            refused("gather: a part below 2 expected, found -1", () -> pool.gather(-1, new int[] {0}));
            refused("scatter: a slot", () -> pool.scatter(0, new int[] {2}, bench().zeros(1, 4)));
            refused("scatter: a part", () -> pool.scatter(2, new int[] {0}, bench().zeros(1, 4)));
            refused("found 1 twice", () -> pool.scatter(0, new int[] {1, 0, 1}, bench().zeros(3, 4)));
            refused("scatter: expected F32 [1, 5]", () -> pool.scatter(1, new int[] {0}, bench().zeros(1, 4)));
            refused("scatter: expected F32 [2, 4]", () -> pool.scatter(0, new int[] {0, 1}, bench().zeros(1, 4)));
            refused("scatter: expected F32 [1, 4]", () -> pool.scatter(0, new int[] {0}, bench().integers(1, 4)));
            refused("reset: a slot below 2 expected, found 2", () -> pool.reset(2));
            refused("reset: a slot below 2 expected, found -1", () -> pool.reset(StatePool.NONE));
            assertThat(bench().download(pool.gather(0, new int[] {0, 1}))).containsOnly(0);
        }
    }

    @Test
    default void aClosedPoolIsRefused() {
        StatePool pool = bench().device().states(2, List.of(4));
        pool.close();
        pool.close();
        assertThatThrownBy(() -> pool.gather(0, new int[] {0}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> pool.reset(0)).isInstanceOf(IllegalStateException.class);
    }

    /** Streams come and go between batches: what each computes step by step is what it would compute at once. */
    @ParameterizedTest
    @EnumSource(Cell.class)
    default void streamsThatShareASlotAfterEachOtherDoNotSeeEachOther(Cell cell) {
        int hidden = 20;
        RecurrentCase c = RecurrentCase.random(bench(), cell, 1, 8, hidden, Precision.F32);
        Matrix[] streams = {bench().normal(6, 8), bench().normal(6, 8), bench().normal(6, 8)};
        float[][] whole = new float[3][];
        for (int i = 0; i < 3; i++) {
            whole[i] = bench().download(c.run(streams[i], 6).outputs());
        }
        try (StatePool pool = bench().device().states(2, List.of(hidden, hidden))) {
            // Streams 0 and 1 together, step by step, then stream 2 in the slot of stream 0.
            for (int t = 0; t < 6; t++) {
                step(c, pool, whole, t, new int[] {1, 0}, new int[] {0, 1}, streams);
            }
            pool.reset(1);
            for (int t = 0; t < 6; t++) {
                step(c, pool, whole, t, new int[] {1}, new int[] {2}, streams);
            }
        }
    }

    private void step(
            RecurrentCase c, StatePool pool, float[][] whole, int t, int[] slots, int[] which, Matrix[] streams) {
        bench().device().beginBatch();
        int[] lengths = new int[which.length];
        Arrays.fill(lengths, 1);
        Matrix[] rows =
                Arrays.stream(which).mapToObj(i -> streams[i].rows(t, t + 1)).toArray(Matrix[]::new);
        boolean lstm = c.cell() == Cell.LSTM;
        State before = new State(pool.gather(0, slots), lstm ? pool.gather(1, slots) : null);
        Output output = c.runFrom(before, new Matrix(which.length, 8, concat(rows)), lengths);
        pool.scatter(0, slots, output.state().hidden());
        Tensor cells = output.state().cell();
        if (cells != null) {
            pool.scatter(1, slots, cells);
        }
        float[] expected = new float[which.length * 20];
        for (int i = 0; i < which.length; i++) {
            System.arraycopy(whole[which[i]], t * 20, expected, i * 20, 20);
        }
        new Closeness(2e-6, 1e-6).checkSame("step " + t, bench().download(output.outputs()), expected);
    }
}
