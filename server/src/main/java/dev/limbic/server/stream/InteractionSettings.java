package dev.limbic.server.stream;

import dev.limbic.server.dialogue.DialogueSettings;
import java.util.EnumSet;
import java.util.Set;

/**
 * How one stream is held.
 *
 * @param channels what the client wants to hear of
 */
public record InteractionSettings(DialogueSettings dialogue, FrameSettings frames, Set<Channel> channels) {
    /** Everything at its default. */
    public static final InteractionSettings DEFAULT =
            new InteractionSettings(DialogueSettings.DEFAULT, FrameSettings.DEFAULT, EnumSet.allOf(Channel.class));
}
