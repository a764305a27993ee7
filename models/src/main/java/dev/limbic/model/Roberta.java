package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Ops;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;

/**
 * {@code RobertaForSequenceClassification} (Liu et al. 2019) and {@code XLMRobertaForSequenceClassification} (Conneau
 * et al. 2020): BERT's encoder with positions counted from behind the padding id, and a head with one hidden layer.
 */
final class Roberta implements Network {
    private final Encoder encoder;
    private final int padding;
    private final int maxTokens;
    private final Linear dense;
    private final Linear classifier;

    Roberta(HfConfig config, Parameters parameters, int labels) {
        int hidden = config.requireInt("hidden_size", 1, 1 << 16);
        int positions = config.requireInt("max_position_embeddings", 2, 1 << 20);
        padding = config.intOr("pad_token_id", 1, 0, positions - 3);
        maxTokens = positions - padding - 1;
        encoder = Bert.encoder(config, parameters.sub("roberta"), hidden, positions);
        dense = parameters.exact().linear("classifier.dense", hidden, hidden);
        classifier = parameters.exact().linear("classifier.out_proj", labels, hidden);
    }

    @Override
    public Tensor forward(FlatBatch batch, Tap tap) {
        Ops ops = batch.device().ops();
        Tensor hidden = encoder.forward(batch, batch.positionsAfter(padding), tap); // [T, H]
        Tensor first = ops.gatherRows(hidden, batch.firstRows()); // [B, H]
        Tensor pooled = ops.linear(first, dense, Activation.TANH); // [B, H]
        return ops.linear(pooled, classifier, Activation.NONE); // [B, L]
    }

    @Override
    public int maxTokens() {
        return maxTokens;
    }

    @Override
    public int vocabulary() {
        return encoder.words().rows();
    }
}
