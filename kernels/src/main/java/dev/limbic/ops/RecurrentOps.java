package dev.limbic.ops;

import dev.limbic.tensor.Tensor;

/** Layers that step through time. See {@link Ops}. */
public interface RecurrentOps {
    /** One recurrent layer over each sequence. x [T, K] → outputs [T, D·H] and final states [B, D·H]. */
    Output recurrent(Tensor x, Recurrent weights, Sequences sequences);

    /**
     * What a recurrent layer gives.
     *
     * @param outputs hidden state after each row, directions side by side, [T, D·H]
     * @param last final hidden state of each direction (of the backward one: after the first row), [B, D·H]
     */
    record Output(Tensor outputs, Tensor last) {}
}
