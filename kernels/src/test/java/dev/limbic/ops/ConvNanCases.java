package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** NaN stays visible in the picture where it arose, of 8 bits in all of it, and touches no other. */
interface ConvNanCases {
    Workbench bench();

    @ParameterizedTest
    @EnumSource
    default void convolutionsKeepNan(Precision precision) {
        bench().assumeComputes(precision);
        for (int[] c : new int[][] {{20, 33, 3, 1, 1}, {20, 33, 1, 1, 1}, {20, 20, 3, 2, 20}, {360, 330, 3, 1, 1}}) {
            ConvCase clean = ConvCase.random(
                    bench(),
                    precision,
                    new Planes(3, 5, 4),
                    new Conv2d.Kernel(c[0], c[1], c[2], c[2]),
                    new Conv2d.Geometry(c[3], Padding.all(c[2] / 2), 1, c[4]));
            Planes result = clean.conv().result(clean.planes());
            // The pixel in the middle of the second picture, which lies under some window of each geometry.
            int pixel = clean.planes().pixels() + 2 * 4 + 2;
            for (Activation activation : Activation.values()) {
                float[] expected = clean.run(activation, null);
                for (float nan : Nan.nans()) {
                    float[] y = clean.withInput(clean.x().with(pixel, 7, nan)).run(activation, null);
                    int perPicture = y.length / 3;
                    int found = 0;
                    for (int i = 0; i < y.length; i++) {
                        if (i / perPicture != 1) {
                            Nan.same("conv2d " + activation + " element " + i, y[i], expected[i]);
                        } else if (Float.isNaN(y[i])) {
                            found++;
                        }
                    }
                    int channels = c[4] == 1 ? c[1] : 1;
                    int windows = c[2] == 1 ? 1 : c[3] == 1 ? 9 : 1;
                    assertThat(found)
                            .as("NaN of %s in %s, %s", result, precision, activation)
                            .isEqualTo(clean.roundsPictures() ? perPicture : windows * channels);
                }
            }
        }
    }

    /** A device that computes tile by tile has NaN in the whole of those whose windows see one. */
    @ParameterizedTest
    @EnumSource
    default void threeByThreeKeepsNan(Precision precision) {
        bench().assumeComputes(precision);
        for (Planes planes : new Planes[] {new Planes(3, 13, 14), new Planes(3, 26, 25)}) {
            ConvCase clean = ConvCase.random(
                    bench(), precision, planes, new Conv2d.Kernel(32, 32, 3, 3), Conv2d.Geometry.of(1, Padding.all(1)));
            int pixel = planes.pixels() + 9 * planes.w() + 7;
            for (Activation activation : Activation.values()) {
                float[] expected = clean.run(activation, null);
                float[] y = clean.withInput(clean.x().with(pixel, 7, Float.NaN)).run(activation, null);
                for (int i = 0; i < y.length; i++) {
                    int seen = i / 32 - planes.pixels();
                    boolean sees = seen >= 0
                            && seen < planes.pixels()
                            && Math.abs(seen / planes.w() - 9) <= 1
                            && Math.abs(seen % planes.w() - 7) <= 1;
                    if (sees) {
                        assertThat(y[i]).as("%s element %d", activation, i).isNaN();
                    } else if (i / 32 / planes.pixels() != 1) {
                        Nan.same("conv2d " + activation + " element " + i, y[i], expected[i]);
                    }
                }
            }
        }
    }

    @Test
    default void otherOperationsOnPicturesKeepNan() {
        Planes planes = new Planes(3, 18, 17);
        Norm norm = new Norm(
                bench().weights().tensor(bench().normal(1, 18).hostVector(), DType.F32),
                bench().weights().tensor(bench().normal(1, 18).hostVector(), DType.F32),
                1e-5f);
        ConvOps ops = bench().ops().pictures();
        for (DType type : bench().types()) {
            check("max", type, planes, x -> ops.pool2d(x, planes, Pool2d.of(Pooling.MAX, 3, 2, Padding.all(1))));
            check("mean", type, planes, x -> ops.pool2d(x, planes, Pool2d.of(Pooling.MEAN, 3, 2, Padding.all(1))));
            check("whole max", type, planes, x -> ops.globalPool(x, planes, Pooling.MAX));
            check("whole mean", type, planes, x -> ops.globalPool(x, planes, Pooling.MEAN));
            check("adaptive", type, planes, x -> ops.adaptiveAverage(x, planes, 4, 5));
            check("nearest", type, planes, x -> ops.upsample(x, planes, 36, 34, Upsampling.NEAREST));
            check("bilinear", type, planes, x -> ops.upsample(x, planes, 36, 34, Upsampling.BILINEAR));
            check("groupNorm", type, planes, x -> ops.groupNorm(x, planes, 3, norm));
            Tensor ones = bench().upload(new Matrix(3, 18, filled(3 * 18)), type);
            check("scaleChannels", type, planes, x -> {
                ops.scaleChannels(x, planes, ones);
                return x;
            });
        }
    }

    private static float[] filled(int n) {
        float[] values = new float[n];
        Arrays.fill(values, 1);
        return values;
    }

    private void check(String what, DType type, Planes planes, Function<Tensor, Tensor> operation) {
        Matrix x = bench().normal(planes.rows(), 18).storedAs(type);
        float[] clean = bench().download(operation.apply(bench().upload(x, type)));
        for (int channel : new int[] {3, 17}) {
            Matrix dirty = x.with(planes.pixels() + 9 * 17 + 5, channel, Float.intBitsToFloat(0xFFC00000));
            float[] y = bench().download(operation.apply(bench().upload(dirty, type)));
            int perPicture = y.length / 3;
            int found = 0;
            for (int i = 0; i < y.length; i++) {
                if (i / perPicture != 1) {
                    Nan.same(what + " " + type + " element " + i, y[i], clean[i]);
                } else if (Float.isNaN(y[i])) {
                    found++;
                }
            }
            assertThat(found).as(what + " " + type + " channel " + channel).isPositive();
        }
    }
}
