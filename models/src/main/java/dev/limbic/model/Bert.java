package dev.limbic.model;

import dev.limbic.layer.EncoderLayer;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Activation;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code BertForSequenceClassification} (Devlin et al. 2019): encoder, tanh pooler on the first token, classifier.
 * {@link #encoder} also serves RoBERTa, whose weights have the same names below another prefix.
 */
final class Bert {
    private Bert() {}

    static Network load(HfConfig config, Parameters parameters, TextKind.Outside outside) {
        int hidden = config.requireInt("hidden_size", 1, 1 << 16);
        int maxTokens = config.requireInt("max_position_embeddings", 2, 1 << 20);
        return new EncoderClassifier(
                encoder(config, parameters.sub("bert"), hidden, maxTokens, outside.tokenType()),
                FlatBatch::positions,
                maxTokens,
                parameters.exact().linear("bert.pooler.dense", hidden, hidden),
                Activation.TANH,
                parameters.exact().linear("classifier", outside.labels(), hidden));
    }

    static Encoder encoder(HfConfig config, Parameters parameters, int hidden, int positions, int tokenType) {
        config.oneOfOr("position_embedding_type", "absolute", "absolute");
        for (String decoding : List.of("is_decoder", "add_cross_attention")) {
            if (config.booleanOr(decoding, false)) {
                throw config.unsupported(decoding, "false");
            }
        }
        int intermediate = config.requireInt("intermediate_size", 1, 1 << 18);
        int heads = Encoder.heads(config, "num_attention_heads", hidden);
        double epsilon = config.doubleOr("layer_norm_eps", 1e-12, 0, 1);
        Activation activation = Encoder.activation(config, "hidden_act");
        List<EncoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < config.requireInt("num_hidden_layers", 1, 1024); i++) {
            Parameters layer = parameters.sub("encoder.layer." + i);
            layers.add(new EncoderLayer(
                    layer.stacked(hidden, hidden, "attention.self.query", "attention.self.key", "attention.self.value"),
                    layer.linear("attention.output.dense", hidden, hidden),
                    layer.norm("attention.output.LayerNorm", hidden, epsilon),
                    layer.linear("intermediate.dense", intermediate, hidden),
                    activation,
                    layer.linear("output.dense", hidden, intermediate),
                    layer.norm("output.LayerNorm", hidden, epsilon),
                    heads,
                    false));
        }
        int tokenTypes = config.intOr("type_vocab_size", 2, 1, 1 << 16);
        if (tokenType >= tokenTypes) {
            throw config.unexpected(
                    "type_vocab_size", "above the tokeniser's token type " + tokenType, Integer.toString(tokenTypes));
        }
        Parameters embeddings = parameters.sub("embeddings");
        return new Encoder(
                embeddings.table("word_embeddings", config.requireInt("vocab_size", 1, 1 << 24), hidden),
                embeddings.tablePlusRow(
                        "position_embeddings", positions, "token_type_embeddings", tokenTypes, tokenType, hidden),
                embeddings.norm("LayerNorm", hidden, epsilon),
                layers);
    }
}
