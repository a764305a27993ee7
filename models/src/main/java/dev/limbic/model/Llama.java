package dev.limbic.model;

import dev.limbic.layer.DecoderLayer;
import dev.limbic.layer.LlamaLayer;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Heads;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Rotary;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code LlamaForCausalLM} (Touvron et al. 2023), {@code Qwen2ForCausalLM} (Yang et al. 2024: biases of query, key and
 * value) and {@code MistralForCausalLM} (Jiang et al. 2023: a window of attention).
 */
final class Llama {
    private Llama() {}

    /**
     * What the members of the family differ in.
     *
     * @param keys heads of keys and values where the configuration does not say
     * @param windows of the layers
     */
    private record Member(boolean qkvBias, boolean outputBias, boolean mlpBias, int keys, AttentionWindows windows) {}

    static DecoderNetwork llama(HfConfig config, Parameters parameters) {
        boolean bias = config.booleanOr("attention_bias", false);
        int keys = config.requireInt("num_attention_heads", 1, 1024);
        AttentionWindows windows = AttentionWindows.none(config);
        return load(config, parameters, new Member(bias, bias, config.booleanOr("mlp_bias", false), keys, windows));
    }

    static DecoderNetwork qwen2(HfConfig config, Parameters parameters) {
        return load(config, parameters, new Member(true, false, false, 32, AttentionWindows.qwen2(config)));
    }

    static DecoderNetwork mistral(HfConfig config, Parameters parameters) {
        return load(config, parameters, new Member(false, false, false, 8, AttentionWindows.mistral(config)));
    }

    private static DecoderNetwork load(HfConfig config, Parameters parameters, Member member) {
        config.oneOfOr("hidden_act", "silu", "silu", "swish");
        int hidden = config.requireInt("hidden_size", 1, 1 << 16);
        int queries = config.requireInt("num_attention_heads", 1, 1024);
        // A null means as many as query heads, nothing at all what the paper's model has.
        int keys = config.intOr(
                "num_key_value_heads", config.declares("num_key_value_heads") ? queries : member.keys(), 1, queries);
        if (queries % keys != 0) {
            throw config.unexpected(
                    "num_key_value_heads", "a divisor of the " + queries + " query heads", Integer.toString(keys));
        }
        int size = config.has("head_dim") ? config.requireInt("head_dim", 1, 1024) : hidden / queries;
        int inner = config.requireInt("intermediate_size", 1, 1 << 20);
        int positions = config.requireInt("max_position_embeddings", 2, 1 << 22);
        int vocabulary = config.requireInt("vocab_size", 2, 1 << 24);
        float epsilon = (float) config.doubleOr("rms_norm_eps", 1e-6, 0, 1);
        Heads heads = new Heads(queries, keys, size);
        Rotary rotary = RotaryTables.load(config, size, positions, parameters.weights());
        Parameters model = parameters.subOrSelf("model");
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < config.requireInt("num_hidden_layers", 1, 1024); i++) {
            Parameters layer = model.sub("layers." + i);
            Parameters attention = layer.sub("self_attn");
            layers.add(new LlamaLayer(
                    layer.gain("input_layernorm", hidden),
                    attention.sideBySide(hidden, member.qkvBias(), List.of("q_proj", "k_proj", "v_proj"), new int[] {
                        queries * size, keys * size, keys * size
                    }),
                    rotary,
                    attention.sideBySide(queries * size, member.outputBias(), List.of("o_proj"), new int[] {hidden}),
                    layer.gain("post_attention_layernorm", hidden),
                    layer.sideBySide(
                            hidden, member.mlpBias(), List.of("mlp.gate_proj", "mlp.up_proj"), new int[] {inner, inner
                            }),
                    layer.sideBySide(inner, member.mlpBias(), List.of("mlp.down_proj"), new int[] {hidden}),
                    heads,
                    member.windows().of(i),
                    epsilon));
        }
        DecoderNetwork.Vocabulary tokens = DecoderNetwork.vocabulary(
                parameters, model, "embed_tokens", config.booleanOr("tie_word_embeddings", false), vocabulary, hidden);
        Tensor last = model.gain("norm", hidden);
        return new DecoderNetwork(
                (ops, rows) -> ops.rows().embed(List.of(new Lookup(tokens.embedding(), rows.tokens())), null),
                layers,
                (ops, rows) -> ops.rows().rmsNorm(rows, last, epsilon),
                tokens.head(),
                heads,
                positions,
                vocabulary);
    }
}
