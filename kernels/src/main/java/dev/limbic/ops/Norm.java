package dev.limbic.ops;

import dev.limbic.tensor.Tensor;

/**
 * Parameters of a layer normalisation.
 *
 * @param gain f32 [H]
 * @param bias f32 [H]
 * @param epsilon added to the variance
 */
public record Norm(Tensor gain, Tensor bias, float epsilon) {}
