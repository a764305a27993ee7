package dev.limbic.model;

import dev.limbic.layer.DecoderLayer;
import dev.limbic.layer.Gpt2Layer;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Heads;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Norm;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.List;

/** {@code GPT2LMHeadModel} (Radford et al. 2019), and DialoGPT with it. */
final class Gpt2 {
    private Gpt2() {}

    /** A key by its own name, or by the one that other architectures have for it. */
    private static String known(HfConfig config, String own, String general) {
        return config.has(own) || !config.has(general) ? own : general;
    }

    static DecoderNetwork load(HfConfig config, Parameters parameters) {
        int hidden = config.requireInt(known(config, "n_embd", "hidden_size"), 1, 1 << 16);
        int heads = Encoder.heads(config, known(config, "n_head", "num_attention_heads"), hidden);
        int positions = config.requireInt(known(config, "n_positions", "max_position_embeddings"), 2, 1 << 20);
        int inner = config.has("n_inner") ? config.requireInt("n_inner", 1, 1 << 18) : 4 * hidden;
        int vocabulary = config.requireInt("vocab_size", 2, 1 << 24);
        double epsilon = config.doubleOr("layer_norm_epsilon", 1e-5, 0, 1);
        Activation activation = config.has("activation_function")
                ? Encoder.activation(config, "activation_function")
                : Activation.GELU_TANH;
        if (config.booleanOr("add_cross_attention", false)) {
            throw config.unsupported("add_cross_attention", "false");
        }
        // Scores are divided by √d and, where that is set, by the layer's number; both are factors of the query here.
        boolean byLayer = config.booleanOr("scale_attn_by_inverse_layer_idx", false);
        double unscaled = config.booleanOr("scale_attn_weights", true) ? 1 : Math.sqrt((double) hidden / heads);
        Parameters transformer = parameters.subOrSelf("transformer");
        Heads shape = new Heads(heads, heads, hidden / heads);
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < config.requireInt(known(config, "n_layer", "num_hidden_layers"), 1, 1024); i++) {
            Parameters layer = transformer.sub("h." + i);
            layers.add(new Gpt2Layer(
                    layer.norm("ln_1", hidden, epsilon),
                    layer.turned("attn.c_attn", 3 * hidden, hidden, hidden, unscaled / (byLayer ? i + 1 : 1)),
                    layer.turned("attn.c_proj", hidden, hidden),
                    layer.norm("ln_2", hidden, epsilon),
                    layer.turned("mlp.c_fc", inner, hidden),
                    activation,
                    layer.turned("mlp.c_proj", hidden, inner),
                    shape));
        }
        DecoderNetwork.Vocabulary tokens = DecoderNetwork.vocabulary(
                parameters, transformer, "wte", config.booleanOr("tie_word_embeddings", true), vocabulary, hidden);
        Tensor places = transformer.table("wpe", positions, hidden);
        Norm last = transformer.norm("ln_f", hidden, epsilon);
        return new DecoderNetwork(
                (ops, rows) -> ops.rows()
                        .embed(
                                List.of(
                                        new Lookup(tokens.embedding(), rows.tokens()),
                                        new Lookup(places, rows.positions())),
                                null),
                layers,
                (ops, rows) -> ops.rows().layerNorm(rows, last),
                tokens.head(),
                shape,
                positions,
                vocabulary);
    }
}
