package dev.limbic.server.dialogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Turn;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a conversation remembers. */
class MemoryTest {
    private static Turn user(String text) {
        return new Turn(Turn.Role.USER, text, CanonicalEmotion.JOY);
    }

    private static Turn assistant(String text) {
        return new Turn(Turn.Role.ASSISTANT, text, null);
    }

    @Test
    void theOldestExchangeIsForgotten() {
        Memory memory = new Memory("", 4);
        for (int i = 0; i < 3; i++) {
            memory.add(user("u" + i));
            memory.add(assistant("a" + i));
        }
        assertThat(memory.turns()).containsExactly(user("u1"), assistant("a1"), user("u2"), assistant("a2"));
        memory.add(user("u3"));
        assertThat(memory.turns()).containsExactly(user("u2"), assistant("a2"), user("u3"));
        memory.add(user("u4"));
        memory.add(user("u5"));
        assertThat(memory.turns()).containsExactly(user("u3"), user("u4"), user("u5"));
    }

    @Test
    void thePersonaStaysAndDoesNotCount() {
        Memory memory = new Memory("I am Mia.", 2);
        assertThat(memory.turns()).containsExactly(new Turn(Turn.Role.SYSTEM, "I am Mia.", null));
        for (int i = 0; i < 20; i++) {
            memory.add(user("u" + i));
            memory.add(assistant("a" + i));
        }
        assertThat(memory.turns())
                .containsExactly(new Turn(Turn.Role.SYSTEM, "I am Mia.", null), user("u19"), assistant("a19"));
        assertThat(new Memory(" \n", 2).turns()).isEmpty();
    }

    @Test
    void longTurnsCountByTheirLength() {
        Memory memory = new Memory("", 64);
        String half = "x".repeat(1 << 14);
        memory.add(user(half));
        memory.add(assistant("short"));
        memory.add(user(half));
        assertThat(memory.turns()).containsExactly(user(half));
        memory.add(assistant(""));
        memory.add(user(half + half + half));
        assertThat(memory.turns()).containsExactly(user(half + half + half));
    }

    @Test
    void whateverIsSaidItStaysBoundedAndBeginsWithThePerson() {
        Random random = new Random(3);
        for (int most = 2; most < 9; most++) {
            Memory memory = new Memory("", most);
            for (int i = 0; i < 200; i++) {
                Turn turn = i == 0 || random.nextBoolean() ? user("u" + i) : assistant("a" + i);
                memory.add(turn);
                List<Turn> turns = memory.turns();
                assertThat(turns).hasSizeLessThanOrEqualTo(most);
                if (turn.role() == Turn.Role.USER) {
                    assertThat(turns.getLast()).isEqualTo(turn);
                }
                if (turns.size() > 1) {
                    assertThat(turns.getFirst().role()).isEqualTo(Turn.Role.USER);
                }
            }
        }
    }

    @Test
    void feelingsAreBounded() {
        Memory memory = new Memory("", 2);
        for (int i = 0; i < 40; i++) {
            memory.felt(Feelings.of(CanonicalEmotion.JOY, 1, i / 40f));
        }
        assertThat(memory.trajectory()).hasSize(ResponseStrategy.LONGEST_TRAJECTORY);
        assertThat(memory.trajectory().getFirst().intensity()).isEqualTo(24 / 40f);
        assertThat(memory.trajectory().getLast().intensity()).isEqualTo(39 / 40f);
    }
}
