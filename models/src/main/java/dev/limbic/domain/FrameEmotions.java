package dev.limbic.domain;

/**
 * What a model says about a frame and those before it.
 *
 * @param stateReset whether earlier frames were lost, because their device was restarted: this one was read as a first one
 */
public record FrameEmotions(Emotions emotions, boolean stateReset) {}
