package dev.limbic.domain;

/** The eight emotions that every taxonomy is mapped to. Ordinals index {@link Emotions#canonical()}. */
public enum CanonicalEmotion {
    NEUTRAL,
    JOY,
    SADNESS,
    ANGER,
    FEAR,
    SURPRISE,
    DISGUST,
    CONTEMPT
}
