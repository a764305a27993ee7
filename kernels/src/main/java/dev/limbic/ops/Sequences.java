package dev.limbic.ops;

import dev.limbic.tensor.Tensor;

/**
 * Where the sequences of a flat batch lie. Sequence b owns rows {@code cuSeqlens[b] … cuSeqlens[b + 1] − 1}.
 *
 * @param cuSeqlens i32 [B + 1] on the device, starting with 0, ending with the number of tokens
 * @param count number of sequences, B
 * @param tokens number of rows, T
 * @param longest rows of the longest sequence
 */
public record Sequences(Tensor cuSeqlens, int count, int tokens, int longest) {}
