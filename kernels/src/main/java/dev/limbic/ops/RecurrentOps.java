package dev.limbic.ops;

import dev.limbic.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Layers that step through time. See {@link Ops}. */
public interface RecurrentOps {
    /** {@link #recurrent(Tensor, Recurrent, Sequences, State)} from a state of zeros. */
    default Output recurrent(Tensor x, Recurrent weights, Sequences sequences) {
        return recurrent(x, weights, sequences, null);
    }

    /**
     * One recurrent layer over each sequence. Sequences cut in pieces give what they give in one, to rounding, where each
     * piece begins with the state that the one before it left; of the backward direction, read them from their ends.
     *
     * @param x [T, K]
     * @param initial state of each sequence before its first row (backward: behind its last one), null for zeros
     */
    Output recurrent(Tensor x, Recurrent weights, Sequences sequences, @Nullable State initial);

    /**
     * State of a recurrent layer, for each sequence its directions side by side.
     *
     * @param hidden f32 [B, D·H]
     * @param cell f32 [B, D·H] of an LSTM, null of a GRU, which has none
     */
    record State(Tensor hidden, @Nullable Tensor cell) {}

    /**
     * What a recurrent layer gives.
     *
     * @param outputs hidden state after each row, directions side by side, [T, D·H]
     * @param last hidden state of {@code state} in the type of the outputs, [B, D·H]
     * @param state after the last row, of the backward direction after the first one
     */
    record Output(Tensor outputs, Tensor last, State state) {}
}
