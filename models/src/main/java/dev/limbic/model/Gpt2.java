package dev.limbic.model;

import dev.limbic.layer.DecoderLayer;
import dev.limbic.layer.Gpt2Layer;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Heads;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Norm;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.List;

/** {@code GPT2LMHeadModel} (Radford et al. 2019), and DialoGPT with it. */
final class Gpt2 {
    private Gpt2() {}

    static DecoderNetwork load(HfConfig config, Parameters parameters) {
        int hidden = config.requireInt("n_embd", 1, 1 << 16);
        int heads = Encoder.heads(config, "n_head", hidden);
        int positions = config.requireInt("n_positions", 2, 1 << 20);
        int inner = config.has("n_inner") ? config.requireInt("n_inner", 1, 1 << 18) : 4 * hidden;
        int vocabulary = config.requireInt("vocab_size", 2, 1 << 24);
        double epsilon = config.doubleOr("layer_norm_epsilon", 1e-5, 0, 1);
        Activation activation = Encoder.activation(config, "activation_function");
        if (config.booleanOr("add_cross_attention", false)) {
            throw config.unsupported("add_cross_attention", "false");
        }
        // Scores are divided by √d and, where that is set, by the layer's number; both are factors of the query here.
        boolean byLayer = config.booleanOr("scale_attn_by_inverse_layer_idx", false);
        double unscaled = config.booleanOr("scale_attn_weights", true) ? 1 : Math.sqrt((double) hidden / heads);
        Parameters transformer = parameters.sub("transformer");
        Heads shape = new Heads(heads, heads, hidden / heads);
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < config.requireInt("n_layer", 1, 1024); i++) {
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
        Tensor words = transformer.table("wte", vocabulary, hidden);
        Tensor places = transformer.table("wpe", positions, hidden);
        Norm last = transformer.norm("ln_f", hidden, epsilon);
        boolean tied = config.booleanOr("tie_word_embeddings", true);
        Linear head = parameters.projection(tied ? "transformer.wte" : "lm_head", vocabulary, hidden);
        return new DecoderNetwork(
                (ops, rows) -> ops.embed(
                        List.of(new Lookup(words, rows.tokens()), new Lookup(places, rows.positions())), null),
                layers,
                (ops, rows) -> ops.layerNorm(rows, last),
                head,
                shape,
                positions,
                vocabulary);
    }
}
