package dev.limbic.ops;

/**
 * Quantisation as {@link Precision#INT8} describes it. Weights: symmetric, one scale per output channel, emulated
 * exactly. Activations: u8 with one scale and zero point per row; pictures: i8 with one scale, emulated exactly.
 *
 * <p>Bound of the activation error: a row whose values (zero included) span r is stored in steps of s = r/255, each
 * element off by at most s/2. So y[n] = Σ x[k]·ŵ[n,k] is off by at most s/2·Σ|ŵ[n,k]|, and no activation function
 * here has a slope above 1.13 (GELU's greatest).
 */
final class Int8Oracle {
    /** Greatest slope of any {@link Activation}. */
    static final double SLOPE = 1.13;

    private Int8Oracle() {}

    /** ŵ: the weights that the integers stand for. */
    static Matrix weights(Matrix weight) {
        float[] rounded = weight.values().clone();
        for (int n = 0; n < weight.rows(); n++) {
            float largest = 0;
            for (int k = 0; k < weight.columns(); k++) {
                largest = Math.max(largest, Math.abs(weight.at(n, k)));
            }
            float scale = largest == 0 ? 1 : largest / 127;
            for (int k = 0; k < weight.columns(); k++) {
                rounded[n * weight.columns() + k] = Math.round(weight.at(n, k) / scale) * scale;
            }
        }
        return new Matrix(weight.rows(), weight.columns(), rounded);
    }

    /** s of row {@code t}. */
    static float step(Matrix x, int t) {
        float low = 0;
        float high = 0;
        for (int k = 0; k < x.columns(); k++) {
            low = Math.min(low, x.at(t, k));
            high = Math.max(high, x.at(t, k));
        }
        return low == high ? 1 : (high - low) / 255;
    }

    /** x̂: the activations that the integers of each row stand for. */
    static Matrix activations(Matrix x) {
        float[] rounded = x.values().clone();
        for (int t = 0; t < x.rows(); t++) {
            float step = step(x, t);
            float low = 0;
            for (int k = 0; k < x.columns(); k++) {
                low = Math.min(low, x.at(t, k));
            }
            float inverse = 1 / step;
            float zero = Math.round(-low * inverse);
            for (int k = 0; k < x.columns(); k++) {
                double q = Math.clamp(Math.rint((double) x.at(t, k) * inverse + zero), 0, 255);
                rounded[t * x.columns() + k] = (float) (step * (q - zero));
            }
        }
        return new Matrix(x.rows(), x.columns(), rounded);
    }

    /** x̂ of pictures [N·H·W, C], each with one scale. */
    static Matrix pictures(Matrix x, Planes planes) {
        float[] rounded = x.values().clone();
        int perPicture = planes.pixels() * x.columns();
        for (int from = 0; from < rounded.length; from += perPicture) {
            float largest = 0;
            for (int i = from; i < from + perPicture; i++) {
                largest = Math.max(largest, Math.abs(rounded[i]));
            }
            float scale = largest == 0 ? 1 : largest / 127;
            float inverse = 1 / scale;
            for (int i = from; i < from + perPicture; i++) {
                rounded[i] = (float) (scale * Math.rint((double) rounded[i] * inverse));
            }
        }
        return new Matrix(x.rows(), x.columns(), rounded);
    }

    /** The bound above for each element of x·ŵᵀ, before an activation function. */
    static double[] bound(Matrix x, Matrix weight) {
        return scaledSums(x, weight, 0.5 + 1e-3);
    }

    /** What is left when activations are emulated too: sums of up to 255·127·K are f32 before the zero point goes. */
    static double[] emulationBound(Matrix x, Matrix weight) {
        return scaledSums(x, weight, 255 * 0x1p-22);
    }

    private static double[] scaledSums(Matrix x, Matrix weight, double factor) {
        double[] bound = new double[x.rows() * weight.rows()];
        for (int n = 0; n < weight.rows(); n++) {
            double sum = 0;
            for (int k = 0; k < weight.columns(); k++) {
                sum += Math.abs(weight.at(n, k));
            }
            for (int t = 0; t < x.rows(); t++) {
                bound[t * weight.rows() + n] = factor * step(x, t) * sum;
            }
        }
        return bound;
    }
}
