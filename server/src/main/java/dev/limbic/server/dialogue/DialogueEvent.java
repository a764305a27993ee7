package dev.limbic.server.dialogue;

import dev.limbic.domain.Cause;
import dev.limbic.domain.Cue;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.generate.Finish;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.server.pipeline.Answer;

/** Something that happens in a conversation; each belongs to an utterance. */
public sealed interface DialogueEvent {
    /** The utterance, as the client calls it. */
    Cause cause();

    /** How the utterance was read. */
    record Heard(Cause cause, Answer<Emotions> answer) implements DialogueEvent {}

    /** Why it was not read, or gets no reply. */
    record Failed(Cause cause, LimbicException failure) implements DialogueEvent {}

    /**
     * The reply begins.
     *
     * @param model who writes it; empty for a ready-made line
     * @param strategy who chose how it sounds; empty if the client did
     */
    record ReplyStarted(Cause cause, String model, String strategy, Cue cue) implements DialogueEvent {}

    /** A token of the reply; its id is −1 for a ready-made line. */
    record ReplyToken(Cause cause, GeneratedToken token) implements DialogueEvent {}

    /** The reply has ended, and not failed. */
    record ReplyEnded(Cause cause, Finish finish, long firstTokenNanos, long totalNanos) implements DialogueEvent {}
}
