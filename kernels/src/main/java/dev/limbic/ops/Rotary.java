package dev.limbic.ops;

import dev.limbic.tensor.Tensor;

/**
 * Rotary position embedding (Su et al., 2021): pairs of columns are turned by an angle that grows with the position.
 *
 * @param cosine f32 [P, dims/2], already scaled (an attention factor such as YaRN's included)
 * @param sine f32 [P, dims/2], likewise
 * @param dims columns that are turned, from the head's first one on; even, the rest stays as it is
 * @param interleaved whether pairs are (2i, 2i + 1), as in GPT-J, and not (i, i + dims/2), as in Llama and GPT-NeoX
 */
public record Rotary(Tensor cosine, Tensor sine, int dims, boolean interleaved) {}
