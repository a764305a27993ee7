package dev.limbic.domain;

import java.util.List;

/**
 * How a character answers what it hears.
 *
 * @param memory share of the past in the emotion that is answered, 0…1
 * @param threshold least weight of an emotion that is answered as one, 0…1
 * @param rules one for each canonical emotion that is answered; neutral always has one
 */
public record ResponseRules(double memory, double threshold, List<Rule> rules) {
    /**
     * The answer to one emotion.
     *
     * @param name such as {@code soothe}
     * @param hears the emotion that is answered
     * @param emotion the one the reply is steered to
     * @param intensity how strongly, 0…1
     * @param mirrors whether the intensity is multiplied by the speaker's
     * @param style a finer manner that some models know; empty for none
     * @param lines ready-made replies for when no language model is loaded, at least one
     */
    public record Rule(
            String name,
            CanonicalEmotion hears,
            CanonicalEmotion emotion,
            double intensity,
            boolean mirrors,
            String style,
            List<String> lines) {}
}
