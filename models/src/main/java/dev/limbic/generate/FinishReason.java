package dev.limbic.generate;

/** Why a text ended. */
public enum FinishReason {
    /** The model chose a stop token. */
    STOP,
    /** The text would have contained a stop string. */
    STOP_STRING,
    /** The most new tokens, or all that the model's context or the cache can hold. */
    LENGTH,
    /** {@link Sequence#cancel}. */
    CANCELLED,
    /** The timeout passed. */
    DEADLINE,
    /** Something went wrong; {@link Finish#failure} says what. */
    FAILED
}
