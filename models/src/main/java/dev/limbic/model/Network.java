package dev.limbic.model;

import dev.limbic.tensor.Tensor;

/** The computation of one architecture with its weights, from tokens to logits. */
interface Network {
    /** Called after the embeddings (0) and after each layer (1, 2, …) with the hidden rows, [T, H]; tests look on. */
    interface Tap {
        /** Looks at nothing. */
        Tap NONE = (layer, hidden) -> {};

        void hidden(int layer, Tensor hidden);
    }

    /** Logits of each sequence, f32 [B, L]. */
    Tensor forward(FlatBatch batch, Tap tap);

    /** Whether what is launched depends on the batch's extent alone, so that padding and recording are worth while. */
    default boolean replayable() {
        return false;
    }

    /** Longest sequence the weights allow, special tokens included. */
    int maxTokens();

    /** Number of token ids with an embedding. */
    int vocabulary();
}
