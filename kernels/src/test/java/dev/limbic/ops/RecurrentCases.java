package dev.limbic.ops;

import static dev.limbic.ops.Nan.check;
import static dev.limbic.ops.Nan.nans;
import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.Recurrent.Cell;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link RecurrentOps#recurrent}: both cells, one and two directions, lengths that end at different times. */
interface RecurrentCases {
    Workbench bench();

    @ParameterizedTest
    @EnumSource
    default void recurrentMatchesTheOracle(Precision precision) {
        bench().assumeComputes(precision);
        int[][] sizes = {{1, 1}, {7, 5}, {33, 20}, {20, 31}, {64, 64}, {48, 128}};
        for (int[] size : sizes) {
            for (Cell cell : Cell.values()) {
                for (int directions = 1; directions <= 2; directions++) {
                    bench().reseed(size[0] * 1000L + size[1]);
                    RecurrentCase c = RecurrentCase.random(bench(), cell, directions, size[0], size[1], precision);
                    c.check(1);
                    c.check(6);
                    c.check(1, 9, 1, 3, 17, 2, 9);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    default void recurrentTakesManySequences(Precision precision) {
        bench().assumeComputes(precision);
        int[] lengths = new int[37];
        Arrays.setAll(lengths, b -> 1 + b * 7 % 13);
        for (Cell cell : Cell.values()) {
            RecurrentCase.random(bench(), cell, 2, 24, 20, precision).check(lengths);
        }
    }

    @ParameterizedTest
    @EnumSource
    default void recurrentOfASequenceDoesNotDependOnItsBatch(Precision precision) {
        bench().assumeComputes(precision);
        int[] lengths = {5, 1, 12, 3, 12, 8};
        int[] bounds = Workbench.bounds(lengths);
        for (Cell cell : Cell.values()) {
            RecurrentCase c = RecurrentCase.random(bench(), cell, 2, 40, 36, precision);
            Matrix x = c.input(lengths);
            RecurrentOps.Output batch = c.run(x, lengths);
            float[] outputs = bench().download(batch.outputs());
            float[] last = bench().download(batch.last());
            for (int b = 0; b < lengths.length; b++) {
                RecurrentOps.Output alone = c.run(x.rows(bounds[b], bounds[b + 1]), lengths[b]);
                c.closeness()
                        .checkSame(
                                cell + " outputs of sequence " + b + " alone",
                                bench().download(alone.outputs()),
                                Arrays.copyOfRange(outputs, bounds[b] * 72, bounds[b + 1] * 72));
                c.closeness()
                        .checkSame(
                                cell + " last of sequence " + b + " alone",
                                bench().download(alone.last()),
                                Arrays.copyOfRange(last, b * 72, (b + 1) * 72));
            }
        }
    }

    /** The last state forward is the output after the last row; backward, the output at the first row. */
    @Test
    default void recurrentLastStatesAreOutputs() {
        int[] lengths = {4, 1, 7};
        int[] bounds = Workbench.bounds(lengths);
        int hidden = 20;
        for (Cell cell : Cell.values()) {
            RecurrentCase c = RecurrentCase.random(bench(), cell, 2, 9, hidden, Precision.F32);
            RecurrentOps.Output output = c.run(c.input(lengths), lengths);
            float[] outputs = bench().download(output.outputs());
            float[] last = bench().download(output.last());
            for (int b = 0; b < lengths.length; b++) {
                for (int i = 0; i < hidden; i++) {
                    assertThat(last[b * 2 * hidden + i]).isEqualTo(outputs[(bounds[b + 1] - 1) * 2 * hidden + i]);
                    assertThat(last[(2 * b + 1) * hidden + i]).isEqualTo(outputs[(2 * bounds[b] + 1) * hidden + i]);
                }
            }
        }
    }

    /** From the poisoned row on, in the direction of time, all of the state is NaN; other sequences do not notice. */
    @ParameterizedTest
    @EnumSource
    default void recurrentKeepsNan(Precision precision) {
        bench().assumeComputes(precision);
        int[] lengths = {4, 9, 1, 6};
        for (int hidden : new int[] {5, 36}) {
            for (Cell cell : Cell.values()) {
                RecurrentCase c = RecurrentCase.random(bench(), cell, 1, 12, hidden, precision);
                Matrix x = c.input(lengths);
                RecurrentOps.Output clean = c.run(x, lengths);
                float[] outputs = bench().download(clean.outputs());
                float[] last = bench().download(clean.last());
                for (float nan : nans()) {
                    RecurrentOps.Output y = c.run(x.with(8, 3, nan), lengths);
                    String what = cell + " " + precision;
                    check(what + " outputs", bench().download(y.outputs()), outputs, hidden, 8, 13);
                    check(what + " last", bench().download(y.last()), last, hidden, 1, 2);
                }
            }
        }
    }
}
