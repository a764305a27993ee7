package dev.limbic.model;

import dev.limbic.layer.EncoderLayer;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Activation;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.List;

/** {@code DistilBertForSequenceClassification} (Sanh et al. 2019): BERT without token types, a ReLU before the head. */
final class DistilBert {
    /** Fixed in the reference implementation, not a configuration value. */
    private static final double EPSILON = 1e-12;

    private DistilBert() {}

    static Network load(HfConfig config, Parameters parameters, TextKind.Outside outside) {
        int hidden = config.requireInt("dim", 1, 1 << 16);
        int intermediate = config.requireInt("hidden_dim", 1, 1 << 18);
        int heads = Encoder.heads(config, "n_heads", hidden);
        Activation activation = Encoder.activation(config, "activation");
        int maxTokens = config.requireInt("max_position_embeddings", 2, 1 << 20);
        Parameters model = parameters.sub("distilbert");
        List<EncoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < config.requireInt("n_layers", 1, 1024); i++) {
            Parameters layer = model.sub("transformer.layer." + i);
            layers.add(new EncoderLayer(
                    layer.stacked(hidden, hidden, "attention.q_lin", "attention.k_lin", "attention.v_lin"),
                    layer.linear("attention.out_lin", hidden, hidden),
                    layer.norm("sa_layer_norm", hidden, EPSILON),
                    layer.linear("ffn.lin1", intermediate, hidden),
                    activation,
                    layer.linear("ffn.lin2", hidden, intermediate),
                    layer.norm("output_layer_norm", hidden, EPSILON),
                    heads,
                    false));
        }
        Parameters embeddings = model.sub("embeddings");
        Encoder encoder = new Encoder(
                embeddings.table("word_embeddings", config.requireInt("vocab_size", 1, 1 << 24), hidden),
                embeddings.table("position_embeddings", maxTokens, hidden),
                embeddings.norm("LayerNorm", hidden, EPSILON),
                layers);
        return new EncoderClassifier(
                encoder,
                FlatBatch::positions,
                maxTokens,
                parameters.exact().linear("pre_classifier", hidden, hidden),
                Activation.RELU,
                parameters.exact().linear("classifier", outside.labels(), hidden));
    }
}
