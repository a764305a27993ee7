package dev.limbic.ops;

import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Pictures and one convolution, with a naive oracle in double. */
record ConvCase(
        Workbench bench,
        Precision precision,
        Planes planes,
        Conv2d.Kernel kernel,
        Conv2d.Geometry geometry,
        Matrix x,
        Matrix weight,
        Matrix bias,
        Conv2d conv) {
    static ConvCase random(
            Workbench bench, Precision precision, Planes planes, Conv2d.Kernel kernel, Conv2d.Geometry geometry) {
        int perOutput = kernel.in() / geometry.groups() * kernel.height() * kernel.width();
        Matrix x = bench.normal(planes.rows(), kernel.in()).storedAs(precision.activations());
        Matrix weight =
                bench.normal(kernel.out(), perOutput, 1 / Math.sqrt(perOutput)).storedAs(precision.activations());
        Matrix bias = bench.normal(1, kernel.out());
        Conv2d conv = bench.weights()
                .conv2d(
                        HostTensor.of(
                                Shape.of(
                                        kernel.out(), kernel.in() / geometry.groups(), kernel.height(), kernel.width()),
                                weight.values()),
                        bias.hostVector(),
                        geometry,
                        precision);
        return new ConvCase(bench, precision, planes, kernel, geometry, x, weight, bias, conv);
    }

    ConvCase withInput(Matrix input) {
        return new ConvCase(bench, precision, planes, kernel, geometry, input, weight, bias, conv);
    }

    /** One of the pictures alone. */
    ConvCase alone(int picture) {
        Matrix part = x.rows(picture * planes.pixels(), (picture + 1) * planes.pixels());
        Planes one = new Planes(1, planes.h(), planes.w());
        return new ConvCase(bench, precision, one, kernel, geometry, part, weight, bias, conv);
    }

    float[] run(Activation activation, @Nullable Matrix residual) {
        Tensor input = bench.upload(x, precision.activations());
        Tensor target = residual == null ? null : bench.upload(residual, precision.activations());
        return bench.download(bench.ops().pictures().conv2d(input, planes, conv, activation, target));
    }

    void check(Activation activation, boolean hasResidual) {
        Planes result = conv.result(planes);
        Matrix residual =
                hasResidual ? bench.normal(result.rows(), kernel.out()).storedAs(precision.activations()) : null;
        double[] sum = oracle();
        double[] allowance = new double[sum.length];
        bench.allowRoundedProducts(precision, allowance, i -> sum[i] - bias.values()[i % kernel.out()]);
        if (residual != null) {
            Arrays.setAll(sum, i -> sum[i] + residual.values()[i]);
        }
        Closeness.of(precision.activations())
                .check(
                        "conv2d " + precision + " " + planes + " " + kernel + " " + geometry + " " + activation
                                + (hasResidual ? " with residual" : ""),
                        run(activation, residual),
                        Oracle.activate(activation, sum),
                        allowance);
    }

    /** Convolution and bias, pixel by pixel. */
    double[] oracle() {
        Planes result = conv.result(planes);
        Padding.Pixels p = conv.padding(planes);
        int out = kernel.out();
        int in = kernel.in() / geometry.groups();
        int perGroup = out / geometry.groups();
        double[] y = new double[result.rows() * out];
        for (int i = 0; i < y.length; i++) {
            int o = i % out;
            int row = i / out;
            int column = row % result.w();
            int line = row / result.w() % result.h();
            int picture = row / result.pixels();
            double sum = bias.values()[o];
            for (int r = 0; r < kernel.height(); r++) {
                for (int s = 0; s < kernel.width(); s++) {
                    int yy = line * geometry.stride() + r * geometry.dilation() - p.top();
                    int xx = column * geometry.stride() + s * geometry.dilation() - p.left();
                    if (yy < 0 || yy >= planes.h() || xx < 0 || xx >= planes.w()) {
                        continue;
                    }
                    int pixel = (picture * planes.h() + yy) * planes.w() + xx;
                    for (int c = 0; c < in; c++) {
                        sum += (double) x.at(pixel, o / perGroup * in + c)
                                * weight.at(o, (c * kernel.height() + r) * kernel.width() + s);
                    }
                }
            }
            y[i] = sum;
        }
        return y;
    }
}
