package dev.limbic.ops;

import java.util.Arrays;

/**
 * A linear layer as it was handed to the device, and what may be off.
 *
 * @param weight [N, K]
 * @param bias [N], or empty for none
 */
record LinearOracle(Precision precision, Matrix weight, float[] bias) {
    /**
     * Fails unless y = activation(x·Wᵀ + bias).
     *
     * @param x as the product sees it, in the precision's activation type
     * @param size of sums, where a unit is not it
     */
    void check(String operation, Matrix x, Activation activation, float[] y, double size) {
        String what = operation + " " + precision + " [" + x.rows() + ", " + x.columns() + "]·[" + weight.rows() + "]ᵀ "
                + activation + (bias.length > 0 ? " with bias" : "");
        Closeness closeness = Closeness.of(precision.activations()).scaled(size);
        Matrix stored = weight.weightsOf(precision);
        if (precision != Precision.INT8) {
            closeness.check(what, y, expected(x, stored, activation), sloped(roundedProduct(x, stored, closeness)));
            return;
        }
        closeness.check(
                what + ", exact activations", y, expected(x, stored, activation), sloped(Int8Oracle.bound(x, stored)));
        closeness.check(
                what + ", emulated activations",
                y,
                expected(Int8Oracle.activations(x), stored, activation),
                sloped(Int8Oracle.emulationBound(x, stored)));
    }

    /** Fails unless y = x·Wᵀ + bias + residual; a device may round the product, and its sum with either of the others. */
    void checkAdd(Matrix x, Matrix residual, float[] y) {
        boolean int8 = precision == Precision.INT8;
        Matrix stored = weight.weightsOf(precision);
        double[] sum = expected(int8 ? Int8Oracle.activations(x) : x, stored, Activation.NONE);
        Arrays.setAll(sum, i -> sum[i] + residual.values()[i]);
        Closeness closeness = Closeness.of(precision.activations());
        double[] allowance = int8 ? Int8Oracle.emulationBound(x, stored) : roundedProduct(x, stored, closeness);
        if (precision != Precision.F32 && !int8) {
            for (int i = 0; i < sum.length; i++) {
                double withResidual = Math.abs(sum[i] - (bias.length > 0 ? bias[i % bias.length] : 0));
                double withBias = Math.abs(sum[i] - residual.values()[i]);
                allowance[i] += closeness.eps() * Math.max(withResidual, withBias);
            }
        }
        closeness.check("linearAdd " + precision + " [" + x.rows() + ", " + x.columns() + "]", y, sum, allowance);
    }

    private double[] expected(Matrix x, Matrix stored, Activation activation) {
        return Oracle.activate(activation, Oracle.linear(x, stored, bias));
    }

    /** A device may round the product to the activations' type before it goes on: up to this share of the product. */
    private double[] roundedProduct(Matrix x, Matrix stored, Closeness closeness) {
        double[] product = Oracle.linear(x, stored, new float[0]);
        double[] allowance = new double[product.length];
        if (precision != Precision.F32) {
            Arrays.setAll(allowance, i -> closeness.eps() * Math.abs(product[i]));
        }
        return allowance;
    }

    private static double[] sloped(double[] bound) {
        return Arrays.stream(bound).map(b -> b * Int8Oracle.SLOPE).toArray();
    }
}
