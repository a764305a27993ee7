package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Pictures and one convolution, with a naive oracle in double.
 *
 * @param type of the pictures and the result
 */
record ConvCase(
        Workbench bench,
        Precision precision,
        DType type,
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
        return new ConvCase(bench, precision, precision.activations(), planes, kernel, geometry, x, weight, bias, conv);
    }

    ConvCase withInput(Matrix input) {
        return new ConvCase(bench, precision, type, planes, kernel, geometry, input, weight, bias, conv);
    }

    ConvCase as(DType other) {
        return new ConvCase(bench, precision, other, planes, kernel, geometry, x.storedAs(other), weight, bias, conv);
    }

    /** Whether the weights are rounded to 8 bits, as {@link Precision#INT8} says. */
    private boolean roundsWeights() {
        return precision == Precision.INT8 && geometry.groups() == 1 && kernel.in() >= 16;
    }

    /** Whether the pictures are. */
    boolean roundsPictures() {
        return roundsWeights() && planes.pixels() >= 16;
    }

    /** One of the pictures alone. */
    ConvCase alone(int picture) {
        Matrix part = x.rows(picture * planes.pixels(), (picture + 1) * planes.pixels());
        Planes one = new Planes(1, planes.h(), planes.w());
        return new ConvCase(bench, precision, type, one, kernel, geometry, part, weight, bias, conv);
    }

    float[] run(Activation activation, @Nullable Matrix residual) {
        Tensor input = bench.upload(x, type);
        Tensor target = residual == null ? null : bench.upload(residual, type);
        return bench.download(bench.ops().pictures().conv2d(input, planes, conv, activation, target));
    }

    void check(Activation activation, boolean hasResidual) {
        checkOne(activation, hasResidual);
        if (precision == Precision.INT8) {
            as(DType.BF16).checkOne(activation, hasResidual);
        }
    }

    /** This one and one of single pixels behind it, at once and one after the other. */
    void checkPair(Activation between, ConvCase pointwise, Activation activation, boolean hasResidual) {
        ConvOps ops = bench.ops().pictures();
        Matrix residual = hasResidual ? pointwise.x : null;
        Tensor separate = ops.conv2d(
                ops.conv2d(bench.upload(x, type), planes, conv, between),
                pointwise.planes,
                pointwise.conv,
                activation,
                residual == null ? null : bench.upload(residual, type));
        float[] expected = bench.download(separate);
        Tensor target = residual == null ? null : bench.upload(residual, type);
        Tensor together = ops.conv2d(bench.upload(x, type), planes, conv, between, pointwise.conv, activation, target);
        Closeness.of(type).checkSame(precision + " " + planes + " " + geometry, bench.download(together), expected);
        if (hasResidual && planes.equals(pointwise.planes)) {
            Tensor self = bench.upload(x, type);
            Tensor other = ops.conv2d(
                    ops.conv2d(self, planes, conv, between), planes, pointwise.conv, activation, bench.upload(x, type));
            expected = bench.download(other);
            Tensor inPlace = ops.conv2d(self, planes, conv, between, pointwise.conv, activation, self);
            Closeness.of(type).checkSame("in place, " + precision + " " + planes, bench.download(inPlace), expected);
        }
    }

    /** What a device that rounds products may make of an element in other company: it adds up in another order, both rounded. */
    double[] allowedInCompany(double[] alone) {
        double[] allowance = new double[alone.length];
        for (int time = 0; time < 2; time++) {
            bench.allowRoundedProducts(precision, allowance, i -> alone[i] - bias.values()[i % kernel.out()]);
        }
        bench.allowRoundedParts(
                precision, allowance, kernel.in() / geometry.groups() * kernel.height() * kernel.width());
        return allowance;
    }

    private void checkOne(Activation activation, boolean hasResidual) {
        Planes result = conv.result(planes);
        Matrix residual =
                hasResidual ? bench.normal(result.rows(), kernel.out()).storedAs(type) : null;
        double[] sum = oracle();
        double[] allowance = new double[sum.length];
        bench.allowRoundedProducts(precision, allowance, i -> sum[i] - bias.values()[i % kernel.out()]);
        bench.allowRoundedParts(
                precision, allowance, kernel.in() / geometry.groups() * kernel.height() * kernel.width());
        if (residual != null) {
            Arrays.setAll(sum, i -> sum[i] + residual.values()[i]);
        }
        Closeness.of(type)
                .check(
                        "conv2d " + precision + " of " + type + " " + planes + " " + kernel + " " + geometry + " "
                                + activation + (hasResidual ? " with residual" : ""),
                        run(activation, residual),
                        Oracle.activate(activation, sum),
                        allowance);
    }

    /** Convolution and bias, pixel by pixel. */
    double[] oracle() {
        Matrix x = roundsPictures() ? Int8Oracle.pictures(this.x, planes) : this.x;
        Matrix weight = (roundsWeights() ? Int8Oracle.weights(this.weight) : this.weight)
                .storedAs(roundsPictures() ? DType.F32 : type);
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
