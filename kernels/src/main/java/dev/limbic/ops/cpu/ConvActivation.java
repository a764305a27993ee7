package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.tensor.DType;

/**
 * Who computes the activation behind a convolution: oneDNN in registers, or a pass of ours over what is still in cache, where
 * that is quicker all the same.
 *
 * @param fused what oneDNN computes
 * @param after what the pass does
 */
record ConvActivation(Activation fused, Activation after) {
    static ConvActivation of(Activation activation, DType type) {
        boolean ours = Activations.areQuicker(activation, type);
        return ours ? new ConvActivation(Activation.NONE, activation) : new ConvActivation(activation, Activation.NONE);
    }

    /** Runs the pass over n numbers that a convolution left. */
    void after(long y, int n) {
        Activations.row(after, y, n);
    }
}
