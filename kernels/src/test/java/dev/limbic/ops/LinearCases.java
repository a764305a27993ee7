package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link RowOps#linear}: shapes around every block, panel and vector boundary, and each function. */
interface LinearCases {
    /** T, K, N. */
    private static int[][] shapes() {
        return new int[][] {
            {1, 1, 1},
            {1, 768, 1025},
            {2, 3, 7},
            {3, 7, 2},
            {7, 31, 33},
            {15, 127, 129},
            {16, 64, 192},
            {17, 33, 65},
            {31, 768, 130},
            {32, 32, 32},
            {33, 127, 300},
            {64, 1025, 63},
            {65, 96, 257},
            {96, 128, 192},
            {127, 64, 300},
            {128, 31, 127},
            {129, 768, 127},
            {257, 128, 100},
            {300, 65, 129},
            {1, 2, 64},
            {2, 1, 3}
        };
    }

    Workbench bench();

    @ParameterizedTest
    @EnumSource
    default void linearMatchesTheOracle(Precision precision) {
        bench().assumeComputes(precision);
        for (int[] shape : shapes()) {
            bench().reseed(Arrays.hashCode(shape));
            LinearCase c = LinearCase.random(bench(), shape[0], shape[1], shape[2], true, precision);
            for (Activation activation : Activation.values()) {
                c.check(activation);
            }
            LinearCase.random(bench(), shape[0], shape[1], shape[2], false, precision)
                    .check(Activation.NONE);
        }
    }

    /** Rows for every way that a product is shared out, and around the blocks; what lies behind the residual is not touched. */
    @ParameterizedTest
    @EnumSource
    default void linearAddMatchesTheOracle(Precision precision) {
        bench().assumeComputes(precision);
        for (int[] shape : new int[][] {
            {1, 64, 64}, {3, 70, 33}, {33, 96, 257}, {33, 128, 257}, {129, 80, 130}, {300, 129, 70}, {513, 64, 192}
        }) {
            for (boolean hasBias : new boolean[] {true, false}) {
                bench().reseed(Arrays.hashCode(shape));
                LinearCase c = LinearCase.random(bench(), shape[0], shape[1], shape[2], hasBias, precision);
                c.checkAdd();
            }
        }
    }

    /** Memory that others used before is not clean. Odd K: products of pairs reach over the end of a row. */
    @ParameterizedTest
    @EnumSource
    default void linearDoesNotSeeWhatLiesInScratch(Precision precision) {
        bench().assumeComputes(precision);
        float[] poison = new float[1 << 20];
        Arrays.fill(poison, Float.intBitsToFloat(0x7fc07fc0)); // NaN as f32, and two of them as bf16
        for (int rows : new int[] {1, 7, 16, 33, 64}) {
            for (int in : new int[] {1, 31, 33, 127}) {
                bench().device().beginBatch();
                bench().device().upload(poison, 1, poison.length);
                bench().device().beginBatch();
                LinearCase.random(bench(), rows, in, 65, true, precision).check(Activation.NONE);
            }
        }
    }

    /** What decoding multiplies: few rows, with K and N around the lanes, blocks and panels of kernels made for that. */
    @ParameterizedTest
    @EnumSource
    default void linearOfFewRowsMatchesTheOracle(Precision precision) {
        bench().assumeComputes(precision);
        int[][] shapes = {
            {1, 64}, {2, 127}, {3, 128}, {31, 200}, {33, 129}, {64, 191}, {65, 640}, {770, 1025}, {3071, 66}
        };
        for (int[] shape : shapes) {
            bench().reseed(Arrays.hashCode(shape));
            LinearCase whole = LinearCase.random(bench(), 9, shape[0], shape[1], true, precision);
            LinearCase bare = LinearCase.random(bench(), 9, shape[0], shape[1], false, precision);
            for (int t = 1; t <= 9; t++) {
                bench().device().beginBatch();
                for (Activation activation : Activation.values()) {
                    whole.firstRows(t).check(activation);
                }
                bare.firstRows(t).check(Activation.NONE);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    default void linearMatchesTheOracleForEveryRowCount(Precision precision) {
        bench().assumeComputes(precision);
        LinearCase whole = LinearCase.random(bench(), 300, 64, 130, true, precision);
        for (int t = 1; t <= 300; t++) {
            bench().device().beginBatch();
            whole.firstRows(t).check(Activation.RELU);
        }
    }

    @ParameterizedTest
    @EnumSource
    default void linearWithoutBiasAppliesEveryFunction(Precision precision) {
        bench().assumeComputes(precision);
        LinearCase c = LinearCase.random(bench(), 33, 40, 72, false, precision);
        for (Activation activation : Activation.values()) {
            c.check(activation);
        }
    }

    @ParameterizedTest
    @EnumSource
    default void linearStaysAccurateFarFromZero(Precision precision) {
        bench().assumeComputes(precision);
        LinearCase c = LinearCase.random(bench(), 20, 24, 70, true, precision);
        LinearCase far = c.withInput(Matrix.normal(bench().random(), 20, 24, 12));
        for (Activation activation : Activation.values()) {
            far.check(activation);
        }
    }

    @ParameterizedTest
    @EnumSource
    default void linearCastsItsInput(Precision precision) {
        bench().assumeComputes(precision);
        LinearCase c = LinearCase.random(bench(), 19, 37, 66, true, precision);
        DType other = precision.activations() == DType.F32 ? DType.BF16 : DType.F32;
        // Values of bf16 are the same in either type.
        Matrix x = c.x().storedAs(DType.BF16);
        c.withInput(x).check(Activation.NONE, bench().upload(x, other));
    }

    @Test
    default void linearOfInt8TakesRowsOnOneSideOfZeroAndConstantRows() {
        bench().assumeComputes(Precision.INT8);
        LinearCase c = LinearCase.random(bench(), 6, 48, 70, true, Precision.INT8);
        float[] rows = c.x().values().clone();
        for (int k = 0; k < 48; k++) {
            rows[k] = 5 + Math.abs(rows[k]);
            rows[48 + k] = -5 - Math.abs(rows[48 + k]);
            rows[2 * 48 + k] = 0;
            rows[3 * 48 + k] = 3;
            rows[4 * 48 + k] = -3;
            rows[5 * 48 + k] *= 1e-12f;
        }
        c.withInput(new Matrix(6, 48, rows)).check(Activation.NONE);
    }

    @ParameterizedTest
    @EnumSource
    default void linearStacksMatrices(Precision precision) {
        bench().assumeComputes(precision);
        LinearCase c = LinearCase.random(bench(), 9, 30, 90, true, precision);
        Linear stacked = bench().weights()
                .linear(
                        List.of(
                                c.weight().rows(0, 20).host(),
                                c.weight().rows(20, 50).host(),
                                c.weight().rows(50, 90).host()),
                        List.of(c.biasPart(0, 20), c.biasPart(20, 50), c.biasPart(50, 90)),
                        precision);
        Tensor x = bench().upload(c.x(), precision.activations());
        float[] one = bench().download(bench().ops().rows().linear(x, c.linear(), Activation.NONE));
        float[] three = bench().download(bench().ops().rows().linear(x, stacked, Activation.NONE));
        new Closeness(0, 0).checkSame("stacked", three, one);
    }

    @ParameterizedTest
    @EnumSource
    default void linearOfARowDoesNotDependOnItsBatch(Precision precision) {
        bench().assumeComputes(precision);
        LinearCase c = LinearCase.random(bench(), 140, 96, 200, true, precision);
        float[] batch = c.run(Activation.GELU);
        for (int row : new int[] {0, 1, 63, 127, 128, 139}) {
            float[] alone = c.withInput(c.x().rows(row, row + 1)).run(Activation.GELU);
            Closeness.of(precision.activations())
                    .checkSame(
                            precision + " row " + row + " alone",
                            alone,
                            Arrays.copyOfRange(batch, row * 200, (row + 1) * 200));
        }
    }
}
