package dev.limbic.domain;

/**
 * A point in Russell and Mehrabian's affect space.
 *
 * @param valence unpleasant −1 … pleasant 1
 * @param arousal calm −1 … excited 1
 * @param dominance submissive −1 … in control 1
 */
public record Affect(float valence, float arousal, float dominance) {
    /** Neither pleasant nor unpleasant, neither calm nor excited, neither weak nor strong. */
    public static final Affect NEUTRAL = new Affect(0, 0, 0);
}
