package dev.limbic.server.dialogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.ResponseRules;
import dev.limbic.domain.ResponseRules.Rule;
import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ConfigLoader;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From how somebody feels to how they are answered. */
class ResponseStrategyTest {
    private static Rule rule(String name, CanonicalEmotion hears, boolean mirrors) {
        return new Rule(name, hears, hears, 0.5, mirrors, "", List.of(name));
    }

    private static ResponseStrategy strategy(double memory, double threshold, Rule... rules) {
        return new ResponseStrategy(new ResponseRules(memory, threshold, List.of(rules)));
    }

    private static final Rule KEEP = rule("keep", CanonicalEmotion.NEUTRAL, false);
    private static final Rule SOOTHE = rule("soothe", CanonicalEmotion.SADNESS, false);
    private static final Rule MIRROR = rule("mirror", CanonicalEmotion.JOY, true);

    @ParameterizedTest
    @CsvSource({
        "NEUTRAL, keep, NEUTRAL, 0.5, ''",
        "JOY, mirror, JOY, 0.6, ''",
        "SADNESS, soothe, SADNESS, 0.5, ''",
        "ANGER, de-escalate, NEUTRAL, 1, ''",
        "FEAR, reassure, NEUTRAL, 0.8, ''",
        "SURPRISE, explore, SURPRISE, 0.8, curious",
        "DISGUST, acknowledge, DISGUST, 0.4, ''",
        "CONTEMPT, respect, NEUTRAL, 0.8, ''"
    })
    void theBuiltInRulesAnswerEachEmotion(
            CanonicalEmotion heard, String name, CanonicalEmotion emotion, float intensity, String style)
            throws ConfigException {
        ResponseRules rules = new ConfigLoader()
                .load(null, Map.of("models-directory", "../models"), Map.of())
                .dialogue()
                .strategies();
        ResponseStrategy strategy = new ResponseStrategy(rules);
        assertThat(strategy.names()).hasSize(8).contains(name);
        Response response = strategy.choose(List.of(Feelings.of(heard, 0.9f, 0.6f)));
        assertThat(response.strategy()).isEqualTo(name);
        assertThat(response.cue().emotion()).isEqualTo(emotion);
        assertThat(response.cue().intensity()).isCloseTo(intensity, offset(1e-6f));
        assertThat(response.cue().style()).isEqualTo(style);
        assertThat(response.lines())
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line).isNotBlank());
        assertThat(strategy.strongest(Feelings.of(heard, 0.9f, 0))).isEqualTo(heard);
    }

    @Test
    void whatIsNotHeardIsNeutral() {
        ResponseStrategy strategy = strategy(0.5, 0.3, SOOTHE, KEEP);
        assertThat(strategy.choose(List.of()).strategy()).isEqualTo("keep");
        assertThat(strategy.choose(List.of(Feelings.of(CanonicalEmotion.ANGER, 1, 1)))
                        .strategy())
                .as("no rule")
                .isEqualTo("keep");
        assertThat(strategy.choose(List.of(Feelings.NOTHING)).strategy()).isEqualTo("keep");
        assertThat(strategy.strongest(Feelings.NOTHING)).isEqualTo(CanonicalEmotion.NEUTRAL);
        assertThatThrownBy(() -> strategy(0.5, 0.3, SOOTHE))
                .isInstanceOf(NullPointerException.class)
                .hasMessageContaining("neutral");
    }

    @Test
    void theThresholdBelongsToTheEmotion() {
        ResponseStrategy strategy = strategy(0, 0.25, SOOTHE, KEEP);
        float[] weights = Feelings.only(CanonicalEmotion.SADNESS, 0.25f);
        assertThat(strategy.choose(List.of(Feelings.of(weights, 1))).strategy()).isEqualTo("soothe");
        weights = Feelings.only(CanonicalEmotion.SADNESS, 0.2499f);
        assertThat(strategy.choose(List.of(Feelings.of(weights, 1))).strategy()).isEqualTo("keep");
        assertThat(strategy.strongest(Feelings.of(weights, 1))).isEqualTo(CanonicalEmotion.NEUTRAL);
    }

    @Test
    void thePastCountsAsMuchAsTheRulesSay() {
        var sad = Feelings.of(CanonicalEmotion.SADNESS, 1, 1);
        var glad = Feelings.of(CanonicalEmotion.JOY, 1, 1);
        // Sadness after "sad, glad, glad": memory 0.6 leaves 0.36 of it, 0.9 leaves 0.81.
        assertThat(strategy(0.6, 0.3, SOOTHE, MIRROR, KEEP)
                        .choose(List.of(sad, glad, glad))
                        .strategy())
                .isEqualTo("mirror");
        assertThat(strategy(0.9, 0.3, SOOTHE, MIRROR, KEEP)
                        .choose(List.of(sad, glad, glad))
                        .strategy())
                .isEqualTo("soothe");
        assertThat(strategy(0, 0.3, SOOTHE, MIRROR, KEEP)
                        .choose(List.of(sad, sad, sad, glad))
                        .strategy())
                .isEqualTo("mirror");
        assertThat(strategy(1, 0.3, SOOTHE, MIRROR, KEEP)
                        .choose(List.of(sad, glad, glad, glad))
                        .strategy())
                .as("the first of all takes all, and nothing replaces it")
                .isEqualTo("soothe");
        assertThat(strategy(0.5, 0.6, SOOTHE, MIRROR, KEEP)
                        .choose(List.of(sad, glad))
                        .strategy())
                .as("half and half is below 0.6")
                .isEqualTo("keep");
    }

    @Test
    void aMirrorIsAsIntenseAsTheSpeakerIsNow() {
        ResponseStrategy strategy = strategy(0.5, 0.3, MIRROR, KEEP);
        var before = Feelings.of(CanonicalEmotion.JOY, 1, 1);
        var now = Feelings.of(CanonicalEmotion.JOY, 1, 0.25f);
        assertThat(strategy.choose(List.of(before, now)).cue().intensity()).isEqualTo(0.125f);
        var tooMuch = Feelings.of(CanonicalEmotion.JOY, 1, 1.5f);
        assertThat(strategy.choose(List.of(tooMuch)).cue().intensity()).isEqualTo(0.5f);
        assertThat(strategy.choose(List.of(Feelings.of(CanonicalEmotion.NEUTRAL, 1, 0.25f)))
                        .cue()
                        .intensity())
                .as("only a mirror does")
                .isEqualTo(0.5f);
    }
}
