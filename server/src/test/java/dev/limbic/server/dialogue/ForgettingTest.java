package dev.limbic.server.dialogue;

import static dev.limbic.server.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.Cause;
import dev.limbic.domain.LimbicException;
import dev.limbic.server.TestConfig;
import dev.limbic.server.dialogue.DialogueEvent.Failed;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.server.pipeline.SamplingWish;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A conversation that gets longer than its model, or than the model's cache. The fake's tokens are bytes. */
class ForgettingTest {
    private static final String PERSONA = "I am Mia.";

    @ParameterizedTest
    @CsvSource({"64, 256", "8, 128"})
    void theOldestExchangesAreLeftOut(int blocks, int room) throws Exception {
        try (DialogueFixture fixture = new DialogueFixture(TestConfig.RULES, 200, blocks)) {
            Notes notes = new Notes();
            Dialogue dialogue = fixture.dialogues.open(
                    new DialogueSettings("", "", PERSONA, SamplingWish.DEFAULT, false, Priority.NORMAL), notes);
            int dropped = 0;
            // What the device is given counts, not what was tried on the way.
            StringBuilder computed = new StringBuilder();
            fixture.writer.whileComputing(step -> {
                if (step.decoding() == 0) {
                    Arrays.stream(step.ids()).forEach(id -> computed.append((char) id));
                }
            });
            for (int i = 0; i < 20; i++) {
                String said = "u" + i + "wonderful".substring(0, i % 9);
                computed.setLength(0);
                dialogue.say(new Utterance(new Cause("" + i, 0, ""), said, true, null, Long.MAX_VALUE));
                await(dialogue::idle);
                assertThat(notes.story("" + i)).as("utterance %d", i).isEqualTo("heard started ended");
                String prompt = computed.toString();
                assertThat(prompt)
                        .startsWith("S:" + PERSONA + "\nU:")
                        .endsWith("\nU:" + said + "\n" + prompt.charAt(prompt.length() - 1));
                assertThat(prompt.length()).isLessThanOrEqualTo(room - Math.min(64, room / 2));
                boolean whole = prompt.contains("\nU:u0\n");
                dropped += whole ? 0 : 1;
                assertThat(prompt.split("\nU:", -1).length - prompt.split("\nA:", -1).length)
                        .as("whole exchanges and the latest turn: %s", prompt)
                        .isEqualTo(1);
            }
            assertThat(dropped).isPositive();
            assertThat(fixture.scheduler.blocksInUse()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"64, 256", "8, 128"})
    void aTurnThatIsTooLongByItselfIsRefusedAndForgotten(int blocks, int room) throws Exception {
        try (DialogueFixture fixture = new DialogueFixture(TestConfig.RULES, 200, blocks)) {
            Notes notes = new Notes();
            Dialogue dialogue = fixture.dialogues.open(
                    new DialogueSettings("", "", PERSONA, SamplingWish.DEFAULT, false, Priority.NORMAL), notes);
            dialogue.say(new Utterance(new Cause("long", 0, ""), "x".repeat(room), true, null, Long.MAX_VALUE));
            await(dialogue::idle);
            assertThat(notes.story("long")).isEqualTo("heard started failed");
            assertThat(notes.only("long", Failed.class).failure())
                    .isInstanceOf(LimbicException.Invalid.class)
                    .hasMessageContaining(Integer.toString(room));
            dialogue.say(new Utterance(new Cause("short", 0, ""), "wonderful", true, null, Long.MAX_VALUE));
            await(dialogue::idle);
            assertThat(notes.story("short")).isEqualTo("heard started ended");
            assertThat(fixture.writer.prompts().getLast()).isEqualTo("S:" + PERSONA + "\nU:wonderful\nj");
        }
    }
}
