package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Convolution: geometries, fusions, batches. */
interface ConvCases {
    Workbench bench();

    private static Conv2d.Geometry geometry(int stride, Padding padding, int dilation, int groups) {
        return new Conv2d.Geometry(stride, padding, dilation, groups);
    }

    private ConvCase random(
            Precision precision, Planes planes, int in, int out, int height, int width, Conv2d.Geometry geometry) {
        return ConvCase.random(bench(), precision, planes, new Conv2d.Kernel(in, out, height, width), geometry);
    }

    private static List<Conv2d.Geometry> geometries(int groups) {
        return List.of(
                geometry(1, Padding.NONE, 1, groups),
                geometry(1, Padding.all(1), 1, groups),
                geometry(2, Padding.all(1), 1, groups),
                geometry(3, Padding.SAME, 1, groups),
                geometry(2, Padding.SAME, 1, groups),
                geometry(1, new Padding.Pixels(2, 0, 1, 3), 1, groups),
                geometry(2, new Padding.Pixels(0, 1, 2, 0), 2, groups),
                geometry(1, new Padding.Pixels(2, 1, 2, 1), 1, groups),
                geometry(1, Padding.all(3), 3, groups));
    }

    @ParameterizedTest
    @EnumSource
    default void convolutionsMatchTheOracle(Precision precision) {
        bench().assumeComputes(precision);
        int[][] channels = {{1, 1}, {3, 16}, {2, 5}, {7, 3}, {16, 33}, {31, 17}};
        for (Conv2d.Geometry g : geometries(1)) {
            for (int[] c : channels) {
                random(precision, new Planes(2, 13, 7), c[0], c[1], 3, 3, g).check(Activation.NONE, false);
            }
            random(precision, new Planes(3, 9, 11), 5, 7, 5, 2, g).check(Activation.RELU, false);
        }
        random(precision, new Planes(1, 31, 29), 3, 64, 7, 7, geometry(2, Padding.all(3), 1, 1))
                .check(Activation.RELU, false);
        random(precision, new Planes(2, 16, 16), 3, 31, 8, 8, geometry(8, Padding.NONE, 1, 1))
                .check(Activation.NONE, false);
    }

    @ParameterizedTest
    @EnumSource
    default void singlePixelsAreProductsOfRows(Precision precision) {
        bench().assumeComputes(precision);
        for (Planes planes :
                List.of(new Planes(1, 1, 1), new Planes(1, 7, 7), new Planes(5, 3, 2), new Planes(2, 33, 19))) {
            for (int[] c : new int[][] {{1, 1}, {3, 7}, {64, 31}, {33, 130}}) {
                for (int stride = 1; stride <= 2; stride++) {
                    random(precision, planes, c[0], c[1], 1, 1, geometry(stride, Padding.NONE, 1, 1))
                            .check(Activation.NONE, false);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    default void groupsSeeTheirOwnChannelsOnly(Precision precision) {
        bench().assumeComputes(precision);
        for (Planes planes : List.of(new Planes(1, 5, 7), new Planes(3, 13, 31))) {
            for (int c : new int[] {1, 3, 8, 17, 32}) {
                for (Conv2d.Geometry g : geometries(c)) {
                    random(precision, planes, c, c, 3, 3, g).check(Activation.NONE, false); // depthwise
                }
                random(precision, planes, c, 3 * c, 3, 3, geometry(1, Padding.all(1), 1, c))
                        .check(Activation.NONE, false); // with three filters a channel
            }
            random(precision, planes, 48, 48, 5, 5, geometry(2, Padding.all(2), 1, 48))
                    .check(Activation.SILU, false);
            random(precision, planes, 12, 20, 3, 3, geometry(1, Padding.all(1), 1, 4))
                    .check(Activation.RELU, false);
            random(precision, planes, 32, 32, 3, 3, geometry(2, Padding.all(1), 1, 2))
                    .check(Activation.NONE, true);
        }
    }

    @ParameterizedTest
    @EnumSource
    default void biasResidualAndActivationAreFused(Precision precision) {
        bench().assumeComputes(precision);
        for (Activation activation : Activation.values()) {
            for (boolean residual : new boolean[] {false, true}) {
                random(precision, new Planes(2, 7, 5), 5, 19, 3, 3, geometry(1, Padding.all(1), 1, 1))
                        .check(activation, residual);
                random(precision, new Planes(1, 31, 5), 16, 24, 1, 1, geometry(1, Padding.NONE, 1, 1))
                        .check(activation, residual);
                random(precision, new Planes(1, 9, 9), 16, 16, 3, 3, geometry(1, Padding.all(1), 1, 16))
                        .check(activation, residual);
            }
        }
    }

    /** In whatever parts a device computes them, and where the result takes the place of the pictures. */
    @ParameterizedTest
    @EnumSource
    default void twoConvolutionsAtOnceAreOneAfterTheOther(Precision precision) {
        bench().assumeComputes(precision);
        Activation[] activations = {Activation.NONE, Activation.RELU, Activation.SILU};
        Planes[] sizes = {
            new Planes(1, 1, 1),
            new Planes(1, 6, 6),
            new Planes(3, 13, 31),
            new Planes(1, 61, 83),
            new Planes(5, 60, 60)
        };
        for (int i = 0; i < sizes.length; i++) {
            for (Conv2d.Geometry g : List.of(
                    geometry(1, Padding.all(1), 1, 16),
                    geometry(2, Padding.SAME, 1, 16),
                    geometry(1, new Padding.Pixels(4, 1, 4, 1), 1, 16),
                    geometry(1, Padding.all(1), 1, 1))) {
                ConvCase first = random(precision, sizes[i], 16, 16, 3, 3, g);
                Planes between = first.conv().result(sizes[i]);
                ConvCase second = random(precision, between, 16, 16, 1, 1, geometry(1, Padding.NONE, 1, 1));
                for (boolean residual : new boolean[] {false, true}) {
                    first.checkPair(activations[i % 3], second, activations[(i + 1) % 3], residual);
                }
            }
        }
    }

    /** Many weights, or pictures large enough to be shared out, take ways of their own on some devices. */
    @ParameterizedTest
    @EnumSource
    default void largeConvolutionsMatchTheOracle(Precision precision) {
        bench().assumeComputes(precision);
        for (int n : new int[] {1, 3}) {
            random(precision, new Planes(n, 3, 2), 360, 330, 3, 3, geometry(1, Padding.all(1), 1, 1))
                    .check(Activation.RELU, true);
            random(precision, new Planes(n, 3, 3), 1030, 1030, 1, 1, geometry(1, Padding.NONE, 1, 1))
                    .check(Activation.NONE, true);
            random(precision, new Planes(n, 37, 41), 16, 24, 3, 3, geometry(1, Padding.all(1), 1, 1))
                    .check(Activation.RELU, true);
            random(precision, new Planes(n, 37, 41), 32, 24, 1, 1, geometry(1, Padding.NONE, 1, 1))
                    .check(Activation.RELU, true);
        }
    }

    /** Plain ones of 3 × 3 are computed tile by tile on some devices, the last of which are cut. */
    @ParameterizedTest
    @EnumSource
    default void threeByThreeMatchesTheOracle(Precision precision) {
        bench().assumeComputes(precision);
        Padding[] paddings = {Padding.all(1), Padding.NONE, new Padding.Pixels(2, 0, 1, 3), Padding.SAME};
        Planes[] sizes = {
            new Planes(2, 14, 17),
            new Planes(1, 25, 31),
            new Planes(3, 12, 40),
            new Planes(1, 62, 27),
            new Planes(2, 27, 26)
        };
        Activation[] activations = Activation.values();
        for (int i = 0; i < sizes.length; i++) {
            for (int j = 0; j < paddings.length; j++) {
                ConvCase some = random(precision, sizes[i], 32, 48, 3, 3, geometry(1, paddings[j], 1, 1));
                some.check(activations[(i + j) % activations.length], j % 2 == i % 2);
            }
        }
        random(precision, new Planes(1, 14, 14), 256, 256, 3, 3, geometry(1, Padding.all(1), 1, 1))
                .check(Activation.RELU, false);
        random(precision, new Planes(1, 28, 28), 128, 128, 3, 3, geometry(1, Padding.all(1), 1, 1))
                .check(Activation.RELU, false);
        random(precision, new Planes(1, 24, 25), 256, 32, 3, 3, geometry(1, Padding.all(1), 1, 1))
                .check(Activation.RELU, true);
    }

    @ParameterizedTest
    @EnumSource
    default void aPictureAloneEqualsThePictureInABatch(Precision precision) {
        bench().assumeComputes(precision);
        for (int[] c : new int[][] {
            {3, 16, 3, 2, 1}, {32, 48, 1, 1, 1}, {24, 24, 3, 1, 24}, {360, 330, 3, 1, 1}, {32, 32, 3, 1, 1}
        }) {
            ConvCase all = random(
                    precision,
                    new Planes(5, 13, 15),
                    c[0],
                    c[1],
                    c[2],
                    c[2],
                    geometry(c[3], Padding.all(c[2] / 2), 1, c[4]));
            float[] together = all.run(Activation.NONE, null);
            for (int i = 0; i < 5; i++) {
                float[] alone = all.alone(i).run(Activation.NONE, null);
                float[] part = Arrays.copyOfRange(together, i * alone.length, (i + 1) * alone.length);
                double[] expected = IntStream.range(0, alone.length)
                        .mapToDouble(j -> alone[j])
                        .toArray();
                Closeness.of(precision.activations())
                        .twice()
                        .check("picture " + i + " alone", part, expected, all.allowedInCompany(expected));
            }
        }
    }

    /** What is computed does not depend on the sizes and types of pictures that came before. */
    @Test
    default void theSameComesAfterOtherSizesAndTypes() {
        bench().assumeComputes(Precision.INT8);
        Planes planes = new Planes(1, 6, 5);
        ConvCase first = random(Precision.INT8, planes, 24, 40, 1, 1, geometry(1, Padding.NONE, 1, 1));
        float[] fresh = first.run(Activation.NONE, null);
        ConvCase second = random(Precision.INT8, new Planes(2, 1, 1), 24, 40, 1, 1, first.geometry());
        second.check(Activation.NONE, false);
        ConvCase later = new ConvCase(
                bench(),
                Precision.INT8,
                DType.F32,
                planes,
                second.kernel(),
                second.geometry(),
                first.x(),
                second.weight(),
                second.bias(),
                second.conv());
        later.check(Activation.NONE, false);
        float[] again = first.run(Activation.NONE, null);
        assertThat(again).isEqualTo(fresh);
    }

    /** Pictures of many sizes through the same weights, again and again. */
    @Test
    default void sizesMayChangeFromCallToCall() {
        ConvCase first = random(Precision.F32, new Planes(1, 9, 9), 8, 8, 3, 3, geometry(1, Padding.all(1), 1, 1));
        for (int round = 0; round < 2; round++) {
            for (int size = 3; size < 40; size++) {
                Planes planes = new Planes(1 + size % 3, size, size % 7 + 3);
                Matrix x = bench().normal(planes.rows(), 8);
                new ConvCase(
                                bench(),
                                Precision.F32,
                                DType.F32,
                                planes,
                                first.kernel(),
                                first.geometry(),
                                x,
                                first.weight(),
                                first.bias(),
                                first.conv())
                        .check(Activation.RELU, false);
            }
        }
    }

    @Test
    default void batchNormsFoldIntoConvolutions() {
        Matrix weight = bench().normal(5, 12);
        Matrix bias = bench().normal(1, 5);
        Matrix gain = bench().normal(1, 5);
        Matrix shift = bench().normal(1, 5);
        Matrix mean = bench().normal(1, 5);
        float[] variance = {0.5f, 1, 2, 1e-3f, 9};
        BatchNorm norm = new BatchNorm(
                gain.hostVector(),
                shift.hostVector(),
                mean.hostVector(),
                new Matrix(1, 5, variance).hostVector(),
                1e-3);
        BatchNorm.Folded folded = norm.folded(weight.host(), bias.hostVector());
        double[] expectedWeight = new double[60];
        double[] expectedBias = new double[5];
        for (int i = 0; i < 60; i++) {
            int o = i / 12;
            expectedWeight[i] = weight.values()[i] * gain.values()[o] / Math.sqrt(variance[o] + 1e-3);
        }
        for (int o = 0; o < 5; o++) {
            expectedBias[o] = (bias.values()[o] - mean.values()[o]) * gain.values()[o] / Math.sqrt(variance[o] + 1e-3)
                    + shift.values()[o];
        }
        Closeness rounding = new Closeness(0, 0x1p-23);
        rounding.check("folded weights", folded.weight().toFloats(), expectedWeight);
        rounding.check("folded bias", folded.bias().toFloats(), expectedBias);
    }
}
