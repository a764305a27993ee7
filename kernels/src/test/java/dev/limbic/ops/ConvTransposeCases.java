package dev.limbic.ops;

import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Transposed convolution. */
interface ConvTransposeCases {
    Workbench bench();

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void transposedConvolutionsMatchTheOracle(Precision precision) {
        bench().assumeComputes(precision);
        for (Planes planes : new Planes[] {new Planes(1, 1, 1), new Planes(1, 5, 7), new Planes(3, 13, 3)}) {
            for (int[] c : new int[][] {{1, 1, 1}, {3, 7, 1}, {16, 31, 1}, {6, 10, 2}, {8, 8, 8}}) {
                check(precision, planes, c, 2, 2, new ConvTranspose2d.Geometry(2, pixels(0), 0, 1, c[2]));
                check(precision, planes, c, 4, 4, new ConvTranspose2d.Geometry(2, pixels(1), 0, 1, c[2]));
                check(precision, planes, c, 3, 3, new ConvTranspose2d.Geometry(2, pixels(1), 1, 1, c[2]));
                check(precision, planes, c, 3, 5, new ConvTranspose2d.Geometry(1, pixels(0), 0, 2, c[2]));
            }
        }
    }

    private static Padding.Pixels pixels(int all) {
        return new Padding.Pixels(all, all, all, all);
    }

    private void check(
            Precision precision, Planes planes, int[] c, int height, int width, ConvTranspose2d.Geometry geometry) {
        int in = c[0];
        int out = c[1];
        int perGroup = out / geometry.groups();
        int size = height * width;
        Matrix x = bench().normal(planes.rows(), in).storedAs(precision.activations());
        Matrix weight =
                bench().normal(in, perGroup * size, 1 / Math.sqrt(in * size)).storedAs(precision.activations());
        Matrix bias = bench().normal(1, out);
        ConvTranspose2d conv = bench().weights()
                .convTranspose2d(
                        HostTensor.of(Shape.of(in, perGroup, height, width), weight.values()),
                        bias.hostVector(),
                        geometry,
                        precision);
        Planes result = conv.result(planes);
        double[] expected = new double[result.rows() * out];
        Arrays.setAll(expected, i -> bias.values()[i % out]);
        for (int pixel = 0; pixel < planes.rows(); pixel++) {
            for (int ci = 0; ci < in; ci++) {
                for (int k = 0; k < perGroup * size; k++) {
                    int y = pixel / planes.w() % planes.h() * geometry.stride()
                            + k % size / width * geometry.dilation()
                            - geometry.padding().top();
                    int xx = pixel % planes.w() * geometry.stride()
                            + k % width * geometry.dilation()
                            - geometry.padding().left();
                    if (y >= 0 && y < result.h() && xx >= 0 && xx < result.w()) {
                        int row = (pixel / planes.pixels() * result.h() + y) * result.w() + xx;
                        int o = ci / (in / geometry.groups()) * perGroup + k / size;
                        expected[row * out + o] += (double) x.at(pixel, ci) * weight.at(ci, k);
                    }
                }
            }
        }
        Tensor y = bench().ops()
                .pictures()
                .convTranspose2d(bench().upload(x, precision.activations()), planes, conv, Activation.LEAKY_RELU);
        double[] allowance = new double[expected.length];
        bench().allowRoundedProducts(precision, allowance, i -> expected[i] - bias.values()[i % out]);
        Closeness.of(precision.activations())
                .check(
                        "convTranspose2d " + precision + " " + planes + " " + conv.kernel() + " " + geometry,
                        bench().download(y),
                        Oracle.activate(Activation.LEAKY_RELU, expected),
                        allowance);
    }
}
