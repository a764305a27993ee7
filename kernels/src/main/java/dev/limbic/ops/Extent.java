package dev.limbic.ops;

/**
 * How large a flat batch is: all that the launches of an encoder's operations depend on.
 *
 * @param tokens rows, T
 * @param sequences B, of which some may be empty
 * @param longest no sequence is longer
 */
public record Extent(int tokens, int sequences, int longest) {}
