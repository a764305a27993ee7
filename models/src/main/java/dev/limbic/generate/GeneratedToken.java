package dev.limbic.generate;

import java.util.List;

/**
 * A token of the reply.
 *
 * @param id token id
 * @param text the text that became certain with it, whole characters; perhaps none
 * @param logProbability natural logarithm of its probability as the model gave it
 * @param alternatives the most probable tokens, most probable first, as many as the request asked for
 */
public record GeneratedToken(int id, String text, float logProbability, List<Alternative> alternatives) {
    /**
     * A token that was possible.
     *
     * @param id token id
     * @param logProbability natural logarithm of its probability as the model gave it
     */
    public record Alternative(int id, float logProbability) {}
}
