package dev.limbic.model;

import dev.limbic.ops.Rotary;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.weights.HfConfig;

/**
 * Cosines and sines of rotary positions (Su et al. 2021) with the scalings in common use, as transformers reads them: none,
 * {@code linear} (Chen et al. 2023), {@code dynamic}, {@code llama3} (Dubey et al. 2024) and {@code yarn} (Peng et al. 2023).
 */
final class RotaryTables {
    private static final String PART = "partial_rotary_factor";
    private static final String ORIGINAL = "original_max_position_embeddings";
    private static final int MOST_POSITIONS = 1 << 22;

    private RotaryTables() {}

    /** Reads {@code rope_theta} and {@code rope_scaling} (or {@code rope_parameters}, as newer versions call it). */
    static Rotary load(HfConfig config, int size, int positions, Weights weights) {
        HfConfig scaling = config.section("rope_scaling")
                .filter(section -> !section.keys().isEmpty())
                .or(() -> config.section("rope_parameters"))
                .orElse(config);
        boolean scaled = scaling != config;
        if (scaled && (scaling.has(AttentionWindows.FULL) || scaling.has(AttentionWindows.SLIDING))) {
            throw scaling.unexpected("rope_type", "one for all layers", "one for each type of layer");
        }
        double theta = scaling.doubleOr("rope_theta", config.doubleOr("rope_theta", 10_000, 1, 1e12), 1, 1e12);
        if (size % 2 != 0) {
            throw config.unexpected("head_dim", "an even number of columns", Integer.toString(size));
        }
        double[] frequencies = new double[size / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(theta, -2.0 * i / size);
        }
        double factor = 1;
        if (scaled) {
            factor = scale(scaling, frequencies, theta, config);
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
                size,
                false);
    }

    /** Changes the frequencies and returns what cosines and sines are multiplied with. */
    private static double scale(HfConfig scaling, double[] frequencies, double theta, HfConfig config) {
        String[] kinds = {"default", "linear", "dynamic", "llama3", "yarn"};
        String kind = scaling.has("rope_type")
                ? scaling.requireOneOf("rope_type", kinds)
                : scaling.oneOfOr("type", "default", kinds);
        // Without a scaling these architectures do not look at it, and with one their code fails.
        if (!kind.equals("default") && scaling.doubleOr(PART, config.doubleOr(PART, 1, 0, 1), 0, 1) != 1) {
            throw (scaling.has(PART) ? scaling : config)
                    .unsupported(PART, "1", "none beside the scaling '" + kind + "'");
        }
        return switch (kind) {
            case "linear" -> {
                double factor = scaling.requireDouble("factor", 1e-6, 1e6);
                for (int i = 0; i < frequencies.length; i++) {
                    frequencies[i] /= factor;
                }
                yield 1;
            }
            case "llama3" -> {
                llama3(scaling, frequencies, original(scaling, config));
                yield 1;
            }
            case "yarn" -> yarn(scaling, frequencies, theta, config);
            default ->
                1; // dynamic is the default for all positions that the weights were trained on, which is all we take
        };
    }

    /** The length before scaling; beside the scaling it has precedence. */
    private static double original(HfConfig scaling, HfConfig config) {
        int longest = config.requireInt("max_position_embeddings", 2, MOST_POSITIONS);
        int within = scaling.intOr(ORIGINAL, longest, 1, MOST_POSITIONS);
        return config.intOr(ORIGINAL, within, 1, MOST_POSITIONS);
    }

    /** Long waves are slowed by the factor, short ones kept, those between blended. */
    private static void llama3(HfConfig scaling, double[] frequencies, double original) {
        double factor = scaling.requireDouble("factor", 1e-6, 1e6);
        double low = scaling.requireDouble("low_freq_factor", 1e-6, 1e6);
        double high = scaling.requireDouble("high_freq_factor", 1e-6, 1e6);
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

    private static double yarn(HfConfig scaling, double[] frequencies, double theta, HfConfig config) {
        double original = original(scaling, config);
        double longer = config.requireInt("max_position_embeddings", 2, MOST_POSITIONS) / original;
        double factor = scaling.doubleOr("factor", longer, 1e-6, 1e6);
        double fast = aboveZero(scaling, "beta_fast", 32);
        double slow = aboveZero(scaling, "beta_slow", 1);
        int dims = 2 * frequencies.length;
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
        double all = scaling.doubleOr("mscale_all_dim", 0, -1e6, 1e6);
        double some = scaling.doubleOr("mscale", 0, -1e6, 1e6);
        double byDefault =
                all != 0 && some != 0 ? magnitude(factor, some) / magnitude(factor, all) : magnitude(factor, 1);
        return scaling.doubleOr("attention_factor", byDefault, -1e6, 1e6);
    }

    private static double magnitude(double factor, double scale) {
        return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
    }

    /** A number, of which zero means the default too. */
    private static double aboveZero(HfConfig scaling, String key, double byDefault) {
        double found = scaling.doubleOr(key, byDefault, 0, 1e6);
        return found == 0 ? byDefault : found;
    }

    /** The dimension whose wave turns this often within the original length. */
    private static double dimension(double turns, double theta, int dims, double original) {
        return dims * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    }
}
