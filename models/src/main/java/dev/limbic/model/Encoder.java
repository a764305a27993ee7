package dev.limbic.model;

import dev.limbic.layer.EncoderLayer;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.List;

/**
 * The stack that the BERT family shares: summed and normalised embeddings, then layers.
 *
 * @param words [V, H]
 * @param positions [P, H], the row of the token type already added where the model has token types
 */
record Encoder(Tensor words, Tensor positions, Norm norm, List<EncoderLayer> layers) {
    /** Hidden rows of all tokens, [T, H]. */
    Tensor forward(FlatBatch batch, Tensor positionIds, Network.Tap tap) {
        Ops ops = batch.device().ops();
        Sequences sequences = batch.sequences();
        Tensor hidden =
                ops.rows().embed(List.of(new Lookup(words, batch.tokens()), new Lookup(positions, positionIds)), norm);
        tap.hidden(0, hidden);
        for (int i = 0; i < layers.size(); i++) {
            layers.get(i).forward(ops, hidden, sequences);
            tap.hidden(i + 1, hidden);
        }
        return hidden;
    }

    /** The activation that transformers calls so; where the key is absent, gelu. */
    static Activation activation(HfConfig config, String key) {
        return activation(config, key, "gelu");
    }

    /** The activation that transformers calls so; where the key is absent, the usual one. */
    static Activation activation(HfConfig config, String key, String usual) {
        return switch (config.oneOfOr(
                key,
                usual,
                "gelu",
                "gelu_python",
                "gelu_new",
                "gelu_pytorch_tanh",
                "gelu_python_tanh",
                "gelu_fast",
                "gelu_accurate",
                "relu",
                "silu",
                "swish",
                "tanh")) {
            case "gelu", "gelu_python" -> Activation.GELU;
            case "relu" -> Activation.RELU;
            case "silu", "swish" -> Activation.SILU;
            case "tanh" -> Activation.TANH;
            default -> Activation.GELU_TANH;
        };
    }

    /** Heads of attention, which must divide the hidden size. */
    static int heads(HfConfig config, String key, int hidden) {
        return heads(config, key, config.requireInt(key, 1, 1024), hidden);
    }

    /** The same number, if it divides the hidden size. */
    static int heads(HfConfig config, String key, int heads, int hidden) {
        if (hidden % heads != 0) {
            throw config.unexpected(key, "a divisor of the hidden size " + hidden, Integer.toString(heads));
        }
        return heads;
    }
}
