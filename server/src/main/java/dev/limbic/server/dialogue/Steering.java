package dev.limbic.server.dialogue;

import dev.limbic.domain.Cue;

/** How a single reply comes to sound as it does. */
public sealed interface Steering {
    /** As the model likes. */
    record Free() implements Steering {}

    /** As asked for. */
    record Target(Cue cue) implements Steering {}

    /**
     * As the strategy answers the emotion of the person's last turn, which is read first.
     *
     * @param emotionModel name of who reads it, empty for the default one
     */
    record FollowSpeaker(String emotionModel) implements Steering {}
}
