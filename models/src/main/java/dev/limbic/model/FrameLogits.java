package dev.limbic.model;

/**
 * What a device gives for a frame.
 *
 * @param logits [L]
 * @param stateReset whether what it went on from was lost
 */
public record FrameLogits(float[] logits, boolean stateReset) {}
