package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.ops.Activation;
import dev.limbic.weights.HfConfig;

/**
 * {@code RobertaForSequenceClassification} (Liu et al. 2019) and {@code XLMRobertaForSequenceClassification} (Conneau
 * et al. 2020): BERT's encoder with positions counted from behind the padding id, and a head with one hidden layer.
 */
final class Roberta {
    private Roberta() {}

    static Network load(HfConfig config, Parameters parameters, TextKind.Outside outside) {
        int hidden = config.requireInt("hidden_size", 1, 1 << 16);
        int positions = config.requireInt("max_position_embeddings", 2, 1 << 20);
        int padding = config.intOr("pad_token_id", 1, 0, positions - 3);
        return new EncoderClassifier(
                Bert.encoder(config, parameters.sub("roberta"), hidden, positions, outside.tokenType()),
                batch -> batch.positionsAfter(padding),
                positions - padding - 1,
                parameters.exact().linear("classifier.dense", hidden, hidden),
                Activation.TANH,
                parameters.exact().linear("classifier.out_proj", outside.labels(), hidden));
    }
}
