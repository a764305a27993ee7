package dev.limbic.model;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Ops;
import dev.limbic.tensor.Tensor;
import java.util.function.Supplier;

/**
 * The BERT family's classifier: an encoder, a hidden layer on the first token, an output layer.
 *
 * @param positions which position each token has
 * @param maxTokens longest sequence, special tokens included
 * @param dense hidden layer, [H, H]
 * @param activation of the hidden layer
 * @param classifier [L, H]
 */
record EncoderClassifier(
        Encoder encoder, Positions positions, int maxTokens, Linear dense, Activation activation, Linear classifier)
        implements Network {
    /** Positions of a batch's tokens, on the device, [T]. */
    interface Positions {
        Tensor of(FlatBatch batch);
    }

    @Override
    public Tensor forward(FlatBatch batch, Tap tap) {
        Ops ops = batch.device().ops();
        Tensor positionIds = positions.of(batch); // [T]
        Tensor firstRows = batch.firstRows(); // [B]
        Supplier<Tensor> work = () -> {
            Tensor hidden = encoder.forward(batch, positionIds, tap); // [T, H]
            Tensor first = ops.rows().gatherRows(hidden, firstRows); // [B, H]
            Tensor pooled = ops.rows().linear(first, dense, activation); // [B, H]
            return ops.rows().linear(pooled, classifier, Activation.NONE); // [B, L]
        };
        return tap.equals(Tap.NONE) ? batch.replay(this, work) : work.get();
    }

    @Override
    public boolean replayable() {
        return true;
    }

    @Override
    public int vocabulary() {
        return encoder.words().rows();
    }

    /** Itself only: a key of recorded work. */
    @Override
    public boolean equals(@org.jspecify.annotations.Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
