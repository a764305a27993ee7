package dev.limbic.server.dialogue;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Turn;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** What a conversation remembers: its persona, its latest turns and feelings. Bounded; not thread-safe. */
final class Memory {
    /** Of all turns together, but for the latest: some ten times what models of today take in well. */
    private static final int MOST_CHARS = 1 << 15;

    /** What a turn takes beside its text. */
    private static final int TURN_BYTES = 128;

    private final String persona;
    private final int maxTurns;
    private final Deque<Turn> turns = new ArrayDeque<>();
    private final Deque<Emotions> trajectory = new ArrayDeque<>();
    private int chars;

    Memory(String persona, int maxTurns) {
        this.persona = persona;
        this.maxTurns = maxTurns;
    }

    /** Remembers a turn; the oldest exchange is forgotten for it, so that what is left begins with the person. */
    void add(Turn turn) {
        turns.add(turn);
        chars += turn.text().length();
        while (turns.size() > maxTurns || isLong() || startsWithin()) {
            chars -= turns.removeFirst().text().length();
        }
    }

    /** What the turns take, about. */
    long bytes() {
        return 2L * chars + (long) TURN_BYTES * turns.size();
    }

    private boolean isLong() {
        return turns.size() > 1 && chars > MOST_CHARS;
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

    /** {@link #turns}, as they would be with one more. */
    List<Turn> turnsWith(Turn turn) {
        Memory next = new Memory(persona, maxTurns);
        turns.forEach(next::add);
        next.add(turn);
        return next.turns();
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
