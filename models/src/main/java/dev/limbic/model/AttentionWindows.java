package dev.limbic.model;

import dev.limbic.ops.AttentionOps;
import dev.limbic.weights.HfConfig;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How far back each layer of a decoder sees, as transformers reads it from the configuration.
 *
 * @param tokens most tokens that a row of a windowed layer sees, its own included
 * @param windowed by layer
 */
record AttentionWindows(int tokens, List<Boolean> windowed) {
    private static final String WINDOW = "sliding_window";
    private static final String TYPES = "layer_types";
    static final String FULL = "full_attention";
    static final String SLIDING = "sliding_attention";

    /** When the key is absent; null stands for none. */
    private static final int DEFAULT = 4096;

    private static final int MOST = 1 << 24;

    /** The window of a layer, {@link AttentionOps#NO_WINDOW} for none. */
    int of(int layer) {
        return windowed.get(layer) ? tokens : AttentionOps.NO_WINDOW;
    }

    /** An architecture without windows: what would bring one in is refused. */
    static AttentionWindows none(HfConfig config) {
        int positions = config.requireInt("max_position_embeddings", 2, 1 << 22);
        if (config.intOr(WINDOW, positions, 1, MOST) < positions) {
            throw config.unsupported(WINDOW, "null", "at least max_position_embeddings (" + positions + ")");
        }
        return checked(config, new AttentionWindows(AttentionOps.NO_WINDOW, all(config, false)));
    }

    /** All layers have the window, which is 4096 tokens where nothing is said. */
    static AttentionWindows mistral(HfConfig config) {
        int tokens = tokens(config);
        return checked(config, new AttentionWindows(tokens, all(config, tokens != AttentionOps.NO_WINDOW)));
    }

    /**
     * Where {@code use_sliding_window} is set: the layers that {@code layer_types} says, else those from
     * {@code max_window_layers} on.
     */
    static AttentionWindows qwen2(HfConfig config) {
        int tokens = config.booleanOr("use_sliding_window", false) ? tokens(config) : AttentionOps.NO_WINDOW;
        int layers = layers(config);
        if (!config.has(TYPES)) {
            int full = config.intOr("max_window_layers", 28, 0, Integer.MAX_VALUE);
            return new AttentionWindows(
                    tokens,
                    IntStream.range(0, layers)
                            .mapToObj(i -> tokens != AttentionOps.NO_WINDOW && i >= full)
                            .toList());
        }
        List<Boolean> windowed = types(config);
        if (windowed.contains(true) && tokens == AttentionOps.NO_WINDOW) {
            throw config.unexpected(TYPES, FULL + " alone without use_sliding_window and sliding_window", SLIDING);
        }
        return new AttentionWindows(tokens, windowed);
    }

    private static int tokens(HfConfig config) {
        return config.declares(WINDOW) && !config.has(WINDOW)
                ? AttentionOps.NO_WINDOW
                : config.intOr(WINDOW, DEFAULT, 1, MOST);
    }

    private static int layers(HfConfig config) {
        return config.requireInt("num_hidden_layers", 1, 1024);
    }

    private static List<Boolean> all(HfConfig config, boolean windowed) {
        return Collections.nCopies(layers(config), windowed);
    }

    private static List<Boolean> types(HfConfig config) {
        List<String> types = config.requireStrings(TYPES);
        if (types.size() != layers(config)) {
            throw config.unexpected(TYPES, "one of each of the " + layers(config) + " layers", types.size() + "");
        }
        for (String type : types) {
            if (!type.equals(FULL) && !type.equals(SLIDING)) {
                throw config.unexpected(TYPES, FULL + " or " + SLIDING, "'" + type + "'");
            }
        }
        return types.stream().map(SLIDING::equals).toList();
    }

    /** Layer types that the architecture's code does not read may say nothing else than it does. */
    private static AttentionWindows checked(HfConfig config, AttentionWindows windows) {
        if (config.has(TYPES) && !types(config).equals(windows.windowed)) {
            throw config.unexpected(
                    TYPES,
                    (windows.windowed.getFirst() ? SLIDING : FULL) + " in all layers, as the architecture has it",
                    String.join(", ", config.requireStrings(TYPES)));
        }
        return windows;
    }
}
