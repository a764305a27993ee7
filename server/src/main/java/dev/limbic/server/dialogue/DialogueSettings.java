package dev.limbic.server.dialogue;

import dev.limbic.server.pipeline.Priority;
import dev.limbic.server.pipeline.SamplingWish;

/**
 * How one conversation is held.
 *
 * @param languageModel name, empty for the default one
 * @param emotionModel name, empty for the default one
 * @param persona who the character is; empty for nobody in particular
 * @param bargeIn whether an utterance ends the reply that is being generated
 */
public record DialogueSettings(
        String languageModel,
        String emotionModel,
        String persona,
        SamplingWish sampling,
        boolean bargeIn,
        Priority priority) {
    /** Everything at its default. */
    public static final DialogueSettings DEFAULT =
            new DialogueSettings("", "", "", SamplingWish.DEFAULT, false, Priority.NORMAL);

    /** A persona may be private. */
    @Override
    public String toString() {
        return "DialogueSettings[languageModel=" + languageModel + ", emotionModel=" + emotionModel + "]";
    }
}
