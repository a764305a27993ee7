package dev.limbic.domain;

import org.jspecify.annotations.Nullable;

/**
 * What one side of a conversation said.
 *
 * @param emotion how it was said, if that is known
 */
public record Turn(Role role, String text, @Nullable CanonicalEmotion emotion) {
    /** Who speaks. */
    public enum Role {
        /** Who the character is and how it talks; only as the first turn. */
        SYSTEM,
        /** The person. */
        USER,
        /** The character. */
        ASSISTANT
    }

    /** A conversation is private: it must not reach a log through a careless string conversion. */
    @Override
    public String toString() {
        return "Turn[role=" + role + ", emotion=" + emotion + "]";
    }
}
