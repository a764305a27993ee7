package dev.limbic.layer;

import dev.limbic.ops.CachedSequences;
import dev.limbic.tensor.Tensor;

/**
 * New rows of several sequences on the device, T in all.
 *
 * @param tokens ids, i32 [T]
 * @param positions place of each row in its sequence, i32 [T]
 * @param slots where each row's key and value go in the cache, i32 [T]
 * @param sequences what the rows see
 */
public record DecoderRows(Tensor tokens, Tensor positions, Tensor slots, CachedSequences sequences) {}
