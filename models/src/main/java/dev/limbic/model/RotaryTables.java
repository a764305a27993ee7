package dev.limbic.model;

import dev.limbic.ops.Rotary;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.weights.HfConfig;

/**
 * Cosines and sines of rotary positions (Su et al. 2021) with the scalings in common use: none, {@code linear} (Chen et al.
 * 2023), {@code llama3} (Dubey et al. 2024) and {@code yarn} (Peng et al. 2023).
 */
final class RotaryTables {
    private RotaryTables() {}

    /** Reads {@code rope_theta}, {@code partial_rotary_factor} and {@code rope_scaling} (or {@code rope_parameters}). */
    static Rotary load(HfConfig config, int size, int positions, Weights weights) {
        HfConfig scaling = config.section("rope_scaling")
                .or(() -> config.section("rope_parameters"))
                .orElse(config);
        boolean scaled = scaling != config;
        double theta = scaling.doubleOr("rope_theta", config.doubleOr("rope_theta", 10_000, 1, 1e12), 1, 1e12);
        double part =
                scaling.doubleOr("partial_rotary_factor", config.doubleOr("partial_rotary_factor", 1, 0, 1), 0, 1);
        int dims = (int) (size * part);
        if (dims < 2 || dims % 2 != 0) {
            throw config.unexpected("head_dim", "an even number of rotated columns", Integer.toString(dims));
        }
        double[] frequencies = new double[dims / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(theta, -2.0 * i / dims);
        }
        double factor = 1;
        if (scaled) {
            factor = scale(scaling, frequencies, theta, dims, config);
        }
        float[] cosine = new float[positions * frequencies.length];
        float[] sine = new float[cosine.length];
        for (int p = 0; p < positions; p++) {
            for (int i = 0; i < frequencies.length; i++) {
                // transformers rounds the frequency to f32 and multiplies in f32.
                float angle = (float) p * (float) frequencies[i];
                cosine[p * frequencies.length + i] = (float) (Math.cos(angle) * factor);
                sine[p * frequencies.length + i] = (float) (Math.sin(angle) * factor);
            }
        }
        Shape shape = Shape.of(positions, frequencies.length);
        return new Rotary(
                weights.tensor(HostTensor.of(shape, cosine), DType.F32),
                weights.tensor(HostTensor.of(shape, sine), DType.F32),
                dims,
                false);
    }

    /** Changes the frequencies and returns what cosines and sines are multiplied with. */
    private static double scale(HfConfig scaling, double[] frequencies, double theta, int dims, HfConfig config) {
        String kind = scaling.has("rope_type")
                ? scaling.requireOneOf("rope_type", "default", "linear", "dynamic", "llama3", "yarn")
                : scaling.oneOfOr("type", "default", "default", "linear", "dynamic", "llama3", "yarn");
        return switch (kind) {
            case "linear" -> {
                double factor = scaling.doubleOr("factor", 1, 1, 1e6);
                for (int i = 0; i < frequencies.length; i++) {
                    frequencies[i] /= factor;
                }
                yield 1;
            }
            case "llama3" -> {
                llama3(scaling, frequencies);
                yield 1;
            }
            case "yarn" -> yarn(scaling, frequencies, theta, dims, config);
            default ->
                1; // dynamic is the default for all positions that the weights were trained on, which is all we take
        };
    }

    /** Long waves are slowed by the factor, short ones kept, those between blended. */
    private static void llama3(HfConfig scaling, double[] frequencies) {
        double factor = scaling.doubleOr("factor", 8, 1, 1e6);
        double low = scaling.doubleOr("low_freq_factor", 1, 1e-6, 1e6);
        double high = scaling.doubleOr("high_freq_factor", 4, 1e-6, 1e6);
        double original = scaling.requireInt("original_max_position_embeddings", 1, 1 << 22);
        for (int i = 0; i < frequencies.length; i++) {
            double wave = 2 * Math.PI / frequencies[i];
            if (wave > original / low) {
                frequencies[i] /= factor;
            } else if (wave >= original / high) {
                double smooth = (original / wave - low) / (high - low);
                frequencies[i] = (1 - smooth) * frequencies[i] / factor + smooth * frequencies[i];
            }
        }
    }

    private static double yarn(HfConfig scaling, double[] frequencies, double theta, int dims, HfConfig config) {
        double factor = scaling.doubleOr("factor", 1, 1, 1e6);
        double fast = scaling.doubleOr("beta_fast", 32, 1e-6, 1e6);
        double slow = scaling.doubleOr("beta_slow", 1, 1e-6, 1e6);
        int longest = config.requireInt("max_position_embeddings", 2, 1 << 22);
        double original = scaling.intOr("original_max_position_embeddings", longest, 1, 1 << 22);
        boolean whole = scaling.booleanOr("truncate", true);
        double from = dimension(fast, theta, dims, original);
        double to = dimension(slow, theta, dims, original);
        from = Math.max(whole ? Math.floor(from) : from, 0);
        to = Math.min(whole ? Math.ceil(to) : to, dims - 1.0);
        double width = from == to ? 0.001 : to - from;
        for (int i = 0; i < frequencies.length; i++) {
            double ramp = Math.clamp((i - from) / width, 0, 1);
            frequencies[i] = frequencies[i] / factor * ramp + frequencies[i] * (1 - ramp);
        }
        double byDefault = factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1;
        return scaling.doubleOr("attention_factor", byDefault, 1e-6, 1e6);
    }

    /** The dimension whose wave turns this often within the original length. */
    private static double dimension(double turns, double theta, int dims, double original) {
        return dims * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    }
}
