package dev.limbic.server.dialogue;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Turn;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** What a conversation remembers: its persona, its latest turns and feelings. Bounded; not thread-safe. */
final class Memory {
    private final String persona;
    private final int maxTurns;
    private final Deque<Turn> turns = new ArrayDeque<>();
    private final Deque<Emotions> trajectory = new ArrayDeque<>();

    Memory(String persona, int maxTurns) {
        this.persona = persona;
        this.maxTurns = maxTurns;
    }

    /** Remembers a turn; the oldest exchange is forgotten for it, so that what is left begins with the person. */
    void add(Turn turn) {
        turns.add(turn);
        while (turns.size() > maxTurns || startsWithin()) {
            turns.removeFirst();
        }
    }

    private boolean startsWithin() {
        return turns.size() > 1 && turns.getFirst().role() == Turn.Role.ASSISTANT;
    }

    void felt(Emotions emotions) {
        trajectory.add(emotions);
        if (trajectory.size() > ResponseStrategy.LONGEST_TRAJECTORY) {
            trajectory.removeFirst();
        }
    }

    List<Emotions> trajectory() {
        return List.copyOf(trajectory);
    }

    /** The persona, if there is one, and the turns. */
    List<Turn> turns() {
        List<Turn> all = new ArrayList<>();
        if (!persona.isBlank()) {
            all.add(new Turn(Turn.Role.SYSTEM, persona, null));
        }
        all.addAll(turns);
        return all;
    }
}
