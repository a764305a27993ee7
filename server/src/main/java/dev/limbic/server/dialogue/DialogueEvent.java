package dev.limbic.server.dialogue;

import dev.limbic.domain.Cue;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.generate.Finish;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.server.pipeline.Answer;

/** Something that happens in a conversation; each belongs to an utterance. */
public sealed interface DialogueEvent {
    /** The client's name for the utterance. */
    String utteranceId();

    /** How the utterance was read. */
    record Heard(String utteranceId, Answer<Emotions> answer) implements DialogueEvent {}

    /** Why it was not read, or gets no reply. */
    record Failed(String utteranceId, LimbicException failure) implements DialogueEvent {}

    /**
     * The reply begins.
     *
     * @param model who writes it; empty for a ready-made line
     * @param strategy who chose how it sounds; empty if the client did
     */
    record ReplyStarted(String utteranceId, String model, String strategy, Cue cue) implements DialogueEvent {}

    /** A token of the reply; its id is −1 for a ready-made line. */
    record ReplyToken(String utteranceId, GeneratedToken token) implements DialogueEvent {}

    /** The reply has ended, and not failed. */
    record ReplyEnded(String utteranceId, Finish finish, long firstTokenNanos, long totalNanos)
            implements DialogueEvent {}
}
