package dev.limbic.server.dialogue;

import static dev.limbic.server.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Cause;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.ResponseRules;
import dev.limbic.generate.FinishReason;
import dev.limbic.ops.DeviceException;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.dialogue.DialogueEvent.Failed;
import dev.limbic.server.dialogue.DialogueEvent.ReplyEnded;
import dev.limbic.server.dialogue.DialogueEvent.ReplyStarted;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.server.pipeline.SamplingWish;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is told of each utterance, in which order, whatever happens at the same time. */
class DialogueTest {
    /** Joy is answered as intensely as it was felt. */
    private static final ResponseRules RULES = new ResponseRules(
            0.5,
            0.3,
            List.of(
                    new ResponseRules.Rule(
                            "mirror", CanonicalEmotion.JOY, CanonicalEmotion.JOY, 1, true, "", List.of("Nice!")),
                    new ResponseRules.Rule(
                            "keep", CanonicalEmotion.NEUTRAL, CanonicalEmotion.JOY, 0, false, "", List.of("I see."))));

    private final DialogueFixture fixture = new DialogueFixture(RULES, 8);
    private final Notes notes = new Notes();
    private @Nullable Dialogue open;

    private Dialogue open(boolean bargeIn) {
        Dialogue dialogue = fixture.dialogues.open(
                new DialogueSettings("", "", "I am Mia.", SamplingWish.DEFAULT, bargeIn, Priority.NORMAL), notes);
        open = dialogue;
        return dialogue;
    }

    private static Utterance say(String id, String text) {
        return new Utterance(new Cause(id, 0, ""), text, true, null, Long.MAX_VALUE);
    }

    private static void awaitIdle(Dialogue dialogue) throws InterruptedException {
        await(dialogue::idle);
    }

    @AfterEach
    void stop() throws InterruptedException {
        if (open != null) {
            open.close();
        }
        fixture.writer.stopHolding();
        fixture.reader.stopHolding();
        await(() -> !fixture.scheduler.hasWork());
        assertThat(fixture.scheduler.blocksInUse()).isZero();
        fixture.close();
    }

    @Test
    void anExchange() throws Exception {
        Dialogue dialogue = open(false);
        dialogue.say(say("1", "wonderful"));
        awaitIdle(dialogue);
        assertThat(notes.story("1")).isEqualTo("heard started ended");
        assertThat(notes.text("1")).isEqualTo("klmnopqrstuvwxyz");
        assertThat(notes.done).hasValue(1);
        assertThat(fixture.writer.prompts()).containsExactly("S:I am Mia.\nU:wonderful\nj");
        dialogue.say(say("2", "wonderful"));
        awaitIdle(dialogue);
        assertThat(fixture.writer.prompts().getLast())
                .isEqualTo("S:I am Mia.\nU:wonderful\nA:klmnopqrstuvwxyz\nU:wonderful\nj");
    }

    @Test
    void aReplyAnswersWhatWasFeltUpToItsUtterance() throws Exception {
        Dialogue dialogue = open(false);
        fixture.writer.holdSteps();
        dialogue.say(say("1", "a"));
        fixture.writer.awaitHeldStep();
        dialogue.say(say("2", "wonderful")); // is read while the first reply is written
        fixture.writer.letThrough(1);
        dialogue.say(say("3", "a"));
        fixture.writer.stopHolding();
        awaitIdle(dialogue);
        float faint = notes.only("1", ReplyStarted.class).cue().intensity();
        assertThat(notes.only("2", ReplyStarted.class).cue().intensity()).isGreaterThan(0.99f);
        assertThat(faint).isLessThan(0.9f);
        assertThat(notes.only("3", ReplyStarted.class).cue().intensity()).isEqualTo(faint);
        assertThat(fixture.writer.prompts())
                .hasSize(3)
                .allSatisfy(prompt -> assertThat(prompt.indexOf("U:wonderful") >= 0)
                        .isEqualTo(!prompt.equals(fixture.writer.prompts().getFirst())));
    }

    @Test
    void aLaterFeelingDoesNotColourAReplyThatWaits() throws Exception {
        Dialogue dialogue = open(false);
        notes.listens = false; // replies wait, reading goes on
        dialogue.say(say("1", "a"));
        dialogue.say(say("2", "wonderful"));
        await(() -> notes.story("2").equals("heard"));
        notes.listens = true;
        dialogue.proceed();
        awaitIdle(dialogue);
        assertThat(notes.only("1", ReplyStarted.class).cue().intensity()).isLessThan(0.9f);
        assertThat(notes.only("2", ReplyStarted.class).cue().intensity()).isGreaterThan(0.99f);
    }

    @Test
    void repliesAreWrittenInTheOrderOfUtterances() throws Exception {
        Dialogue dialogue = open(false);
        for (int i = 0; i < 12; i++) {
            dialogue.say(say("u" + i, "a".repeat(1 + (7 * i) % 5)));
        }
        awaitIdle(dialogue);
        String running = "";
        int next = 0;
        for (DialogueEvent event : notes.all()) {
            if (event instanceof ReplyStarted) {
                assertThat(running).isEmpty();
                assertThat(event.cause().id()).isEqualTo("u" + next++);
                running = event.cause().id();
            } else if (event instanceof DialogueEvent.ReplyToken) {
                assertThat(event.cause().id()).isEqualTo(running);
            } else if (event instanceof ReplyEnded) {
                assertThat(event.cause().id()).isEqualTo(running);
                running = "";
            }
        }
        assertThat(next).isEqualTo(12);
        assertThat(notes.done).hasValue(12);
    }

    @Test
    void bargeInEndsWhatIsWrittenAndWhatWaits() throws Exception {
        Dialogue dialogue = open(true);
        fixture.writer.holdSteps();
        fixture.writer.neverEnd();
        dialogue.say(say("1", "a"));
        fixture.writer.awaitHeldStep();
        fixture.reader.holdBatches();
        dialogue.say(say("2", "a")); // its reading waits behind the step
        dialogue.say(say("3", "a"));
        fixture.writer.letThrough(1);
        fixture.reader.stopHolding();
        fixture.writer.awaitHeldStep(); // of the third reply
        assertThat(notes.story("3")).isEqualTo("heard started");
        dialogue.interrupt();
        fixture.writer.stopHolding();
        awaitIdle(dialogue);
        assertThat(notes.story("1")).isEqualTo("heard started ended");
        assertThat(notes.story("2")).isEqualTo("heard ended");
        for (String id : List.of("1", "2", "3")) {
            assertThat(notes.only(id, ReplyEnded.class).finish().reason()).isEqualTo(FinishReason.CANCELLED);
        }
        assertThat(notes.done).hasValue(3);
    }

    @Test
    void whoDoesNotListenIsNotSpokenTo() throws Exception {
        Dialogue dialogue = open(false);
        notes.listens = false;
        dialogue.say(say("1", "a"));
        await(() -> notes.story("1").equals("heard"));
        dialogue.proceed();
        assertThat(fixture.writer.prompts()).isEmpty();
        dialogue.interrupt();
        assertThat(notes.story("1")).as("nothing needs to be said").isEqualTo("heard ended");
        assertThat(dialogue.idle()).isTrue();
    }

    @Test
    void afterTheCloseNothingIsTold() throws Exception {
        Dialogue dialogue = open(false);
        fixture.writer.holdSteps();
        fixture.writer.neverEnd();
        dialogue.say(say("1", "a"));
        fixture.writer.awaitHeldStep();
        dialogue.say(say("2", "a"));
        dialogue.close();
        List<DialogueEvent> before = notes.all();
        dialogue.say(say("3", "a"));
        dialogue.proceed();
        dialogue.interrupt();
        int steps = fixture.writer.steps();
        fixture.writer.stopHolding();
        await(() -> !fixture.scheduler.hasWork());
        assertThat(fixture.writer.steps()).as("no further step").isEqualTo(steps);
        assertThat(notes.all()).isEqualTo(before);
        assertThat(dialogue.idle()).isTrue();
    }

    @Test
    void aReplyThatFailsIsToldAndTheConversationGoesOn() throws Exception {
        Dialogue dialogue = open(false);
        fixture.writer.breakDown(true);
        dialogue.say(say("nan", "a"));
        awaitIdle(dialogue);
        assertThat(notes.story("nan")).isEqualTo("heard started failed");
        assertThat(notes.only("nan", Failed.class).failure()).isInstanceOf(LimbicException.Internal.class);
        fixture.writer.breakDown(false);
        fixture.writer.whileComputing(step -> {
            throw new DeviceException(DeviceException.Kind.REFUSED, "broken");
        });
        dialogue.say(say("device", "a"));
        awaitIdle(dialogue);
        assertThat(notes.story("device")).isEqualTo("heard started failed");
        fixture.writer.whileComputing(step -> {});
        dialogue.say(say("explode", FakeTextModel.FAIL));
        dialogue.say(say("unencodable", FakeTextModel.UNENCODABLE));
        dialogue.say(say("empty", " "));
        dialogue.say(say("long", "x".repeat(2000)));
        awaitIdle(dialogue);
        for (String id : List.of("explode", "unencodable", "empty", "long")) {
            assertThat(notes.story(id)).as(id).isEqualTo("failed");
        }
        dialogue.say(say("after", "a"));
        awaitIdle(dialogue);
        assertThat(notes.story("after")).isEqualTo("heard started ended");
        assertThat(notes.done).hasValue(7);
        assertThat(fixture.writer.prompts().getLast()).isEqualTo("S:I am Mia.\nU:a\nU:a\nU:a\nj");
    }

    @Test
    void anUtteranceWhoseTimeIsOverGetsNoReply() throws Exception {
        Dialogue dialogue = open(false);
        fixture.writer.holdSteps();
        dialogue.say(say("1", "a"));
        fixture.writer.awaitHeldStep();
        dialogue.say(new Utterance(new Cause("2", 0, ""), "a", true, null, 60_000_000));
        Thread.sleep(80);
        fixture.writer.stopHolding();
        awaitIdle(dialogue);
        assertThat(notes.story("1")).isEqualTo("heard started ended");
        assertThat(notes.story("2")).isIn("failed", "heard failed");
        assertThat(notes.only("2", Failed.class).failure()).isInstanceOf(LimbicException.Expired.class);
    }

    @Test
    void unknownModelsAreRefusedAtOnce() {
        assertThatThrownBy(() -> fixture.dialogues.open(
                        new DialogueSettings("nobody", "", "", SamplingWish.DEFAULT, false, Priority.LOW), notes))
                .isInstanceOf(LimbicException.NotFound.class)
                .hasMessageContaining("writer");
        assertThatThrownBy(() -> fixture.dialogues.open(
                        new DialogueSettings("", "nobody", "", SamplingWish.DEFAULT, false, Priority.LOW), notes))
                .isInstanceOf(LimbicException.NotFound.class)
                .hasMessageContaining("reader");
    }

    /** Speaks, interrupts, stops listening, fails and at last closes, all at once. */
    @Test
    void whateverHappensEachUtteranceHasOneStory() throws Exception {
        for (int seed = 0; seed < 12; seed++) {
            storm(seed);
        }
    }

    private void storm(int seed) throws Exception {
        Random random = new Random(seed);
        Notes heard = new Notes();
        Dialogue dialogue = fixture.dialogues.open(
                new DialogueSettings("", "", "", SamplingWish.DEFAULT, seed % 2 == 0, Priority.NORMAL), heard);
        boolean closes = seed % 3 == 0;
        AtomicBoolean over = new AtomicBoolean();
        Random failures = new Random(seed);
        fixture.writer.whileComputing(step -> {
            if (failures.nextInt(40) == 0) {
                throw new DeviceException(DeviceException.Kind.REFUSED, "now and then");
            }
        });
        Thread disturber = Thread.ofPlatform().start(() -> {
            Random own = new Random(99);
            while (!over.get()) {
                heard.listens = own.nextInt(4) > 0;
                dialogue.proceed();
                if (own.nextInt(5) == 0) {
                    dialogue.interrupt();
                }
                Thread.onSpinWait();
            }
        });
        int said = 60;
        for (int i = 0; i < said; i++) {
            String text = random.nextInt(8) == 0 ? FakeTextModel.FAIL : "a".repeat(1 + random.nextInt(9));
            dialogue.say(new Utterance(new Cause("u" + i, 0, ""), text, random.nextInt(5) > 0, null, Long.MAX_VALUE));
            if (random.nextInt(4) == 0) {
                Thread.sleep(1);
            }
        }
        if (closes) {
            dialogue.close();
        }
        List<DialogueEvent> atClose = heard.all();
        if (!closes) {
            await(dialogue::idle);
        }
        over.set(true);
        disturber.join();
        await(() -> !fixture.scheduler.hasWork());
        if (closes) {
            assertThat(heard.all()).isEqualTo(atClose);
            for (int i = 0; i < said; i++) {
                assertThat(heard.story("u" + i)).matches("(|failed|heard( started)?( ended| failed)?)");
            }
            return;
        }
        for (int i = 0; i < said; i++) {
            assertThat(heard.story("u" + i))
                    .as("u%d of %d", i, seed)
                    .matches("failed|heard(( started)? ended)?|heard started failed|heard failed");
        }
        assertThat(heard.done).hasValue(said);
        fixture.writer.whileComputing(step -> {});
    }
}
