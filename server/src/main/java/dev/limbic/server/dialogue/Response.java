package dev.limbic.server.dialogue;

import dev.limbic.domain.Cue;
import java.util.List;

/**
 * What a strategy decided.
 *
 * @param strategy its name
 * @param cue how the reply shall sound
 * @param lines ready-made replies, at least one
 */
public record Response(String strategy, Cue cue, List<String> lines) {}
