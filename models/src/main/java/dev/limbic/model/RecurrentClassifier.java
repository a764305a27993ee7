package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.layer.RecurrentLayer;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.RecurrentOps;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code LimbicRecurrentClassifier}, our own small format (see docs/recurrent-format.md): embedding, one to three LSTM
 * or GRU layers of one or two directions, one or several poolings side by side, an optional ReLU layer, a classifier.
 */
final class RecurrentClassifier implements Network {
    private static final String[] POOLINGS = {"last", "mean", "max", "attention"};

    private final Tensor embedding;
    private final List<Recurrent> layers = new ArrayList<>();
    private final List<String> poolings;
    private final @Nullable Linear attention;
    private final @Nullable Linear dense;
    private final Linear classifier;
    private final int maxTokens;

    RecurrentClassifier(HfConfig config, Parameters parameters, TextKind.Outside outside) {
        Recurrent.Cell cell =
                config.requireOneOf("cell", "lstm", "gru").equals("lstm") ? Recurrent.Cell.LSTM : Recurrent.Cell.GRU;
        int embedded = config.requireInt("embedding_size", 1, 1 << 14);
        int hidden = config.requireInt("hidden_size", 1, 1 << 14);
        boolean bidirectional = config.booleanOr("bidirectional", false);
        int width = bidirectional ? 2 * hidden : hidden;
        maxTokens = config.requireInt("max_position_embeddings", 2, 1 << 16);
        poolings = poolings(config);
        embedding = parameters.table("embedding", config.requireInt("vocab_size", 1, 1 << 24), embedded);
        for (int k = 0; k < config.requireInt("num_layers", 1, 3); k++) {
            layers.add(RecurrentLayer.load(
                    parameters.sub("rnn"), cell, k, k == 0 ? embedded : width, hidden, bidirectional));
        }
        Parameters exact = parameters.exact();
        attention = poolings.contains("attention") ? exact.projection("attention", 1, width) : null;
        int pooled = poolings.size() * width;
        int denseSize = config.intOr("dense_size", 0, 0, 1 << 16);
        dense = denseSize > 0 ? exact.linear("dense", denseSize, pooled) : null;
        classifier = exact.linear("classifier", outside.labels(), denseSize > 0 ? denseSize : pooled);
    }

    private static List<String> poolings(HfConfig config) {
        List<String> names = config.requireStrings("pooling");
        if (!List.of(POOLINGS).containsAll(names) || new HashSet<>(names).size() != names.size()) {
            throw config.unsupported("pooling", POOLINGS);
        }
        return names;
    }

    @Override
    public Tensor forward(FlatBatch batch, Tap tap) {
        Ops ops = batch.device().ops();
        Sequences sequences = batch.sequences();
        Tensor hidden = ops.rows().embed(List.of(new Lookup(embedding, batch.tokens())), null); // [T, E]
        tap.hidden(0, hidden);
        Tensor last = hidden;
        for (int i = 0; i < layers.size(); i++) {
            RecurrentOps.Output output = ops.recurrence().recurrent(hidden, layers.get(i), sequences);
            hidden = output.outputs(); // [T, D·H]
            last = output.last(); // [B, D·H]
            tap.hidden(i + 1, hidden);
        }
        List<Tensor> parts = new ArrayList<>(); // [B, D·H] each
        for (String pooling : poolings) {
            parts.add(
                    switch (pooling) {
                        case "last" -> last;
                        case "mean" -> ops.rows().pool(hidden, sequences, Pooling.MEAN);
                        case "max" -> ops.rows().pool(hidden, sequences, Pooling.MAX);
                        default -> attended(ops, hidden, sequences);
                    });
        }
        Tensor pooled = ops.rows().concat(parts);
        if (dense != null) {
            pooled = ops.rows().linear(pooled, dense, Activation.RELU);
        }
        return ops.rows().linear(pooled, classifier, Activation.NONE); // [B, L]
    }

    private Tensor attended(Ops ops, Tensor hidden, Sequences sequences) {
        if (attention == null) {
            throw new IllegalStateException("attention pooling without weights");
        }
        return ops.rows().attentionPool(hidden, ops.rows().linear(hidden, attention, Activation.NONE), sequences);
    }

    @Override
    public int maxTokens() {
        return maxTokens;
    }

    @Override
    public int vocabulary() {
        return embedding.rows();
    }
}
