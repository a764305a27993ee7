package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;

/** One input and one layer, with the oracle's tolerance for their precision. */
record LinearCase(Workbench bench, Precision precision, Matrix x, Matrix weight, float[] bias, Linear linear) {
    static LinearCase random(Workbench bench, int t, int k, int n, boolean hasBias, Precision precision) {
        Matrix x = bench.normal(t, k).storedAs(precision.activations());
        Matrix weight = bench.normal(n, k, 1 / Math.sqrt(k)).storedAs(precision.activations());
        Matrix bias = bench.normal(1, n);
        Linear linear = bench.weights().linear(weight.host(), hasBias ? bias.hostVector() : null, precision);
        return new LinearCase(bench, precision, x, weight, hasBias ? bias.values() : new float[0], linear);
    }

    LinearCase withInput(Matrix input) {
        return new LinearCase(bench, precision, input.storedAs(precision.activations()), weight, bias, linear);
    }

    LinearCase firstRows(int t) {
        return withInput(x.rows(0, t));
    }

    HostTensor biasPart(int from, int to) {
        return new Matrix(1, to - from, Arrays.copyOfRange(bias, from, to)).hostVector();
    }

    float[] run(Activation activation) {
        Tensor input = bench.upload(x, precision.activations());
        return bench.download(bench.ops().rows().linear(input, linear, activation));
    }

    void check(Activation activation) {
        check(activation, bench.upload(x, precision.activations()));
    }

    void check(Activation activation, Tensor input) {
        float[] y = bench.download(bench.ops().rows().linear(input, linear, activation));
        new LinearOracle(precision, weight, bias).check("linear", x, activation, y, 1);
    }

    /** The residual added, and {@code x} left as it was. */
    void checkAdd() {
        DType type = precision.activations();
        Matrix before = bench.normal(x.rows(), linear.out()).storedAs(type);
        Tensor input = bench.upload(x, type);
        Tensor residual = bench.upload(before, type);
        Matrix next = bench.normal(1, 64);
        Tensor behind = bench.upload(next, DType.F32);
        bench.ops().rows().linearAdd(input, linear, residual);
        new LinearOracle(precision, weight, bias).checkAdd(x, before, bench.download(residual));
        new Closeness(0, 0).checkSame("linearAdd leaves x alone", bench.download(input), x.values());
        new Closeness(0, 0).checkSame("and what lies behind", bench.download(behind), next.values());
    }
}
