package dev.limbic.server.pipeline;

import dev.limbic.domain.Turn;
import java.util.ArrayList;
import java.util.List;

/** A conversation in exchanges, each a turn of the person and what follows it, behind the persona if there is one. */
final class Exchanges {
    private final List<Turn> turns;
    private final int persona;

    /** Where each exchange begins, oldest first; the first one also holds what comes before the person speaks. */
    private final List<Integer> starts = new ArrayList<>();

    /** @param turns at least one */
    Exchanges(List<Turn> turns) {
        this.turns = turns;
        this.persona = turns.getFirst().role() == Turn.Role.SYSTEM ? 1 : 0;
        starts.add(persona);
        for (int i = persona + 1; i < turns.size(); i++) {
            if (turns.get(i).role() == Turn.Role.USER) {
                starts.add(i);
            }
        }
    }

    /** How many of the latest exchanges have at most so many characters together, the persona included; at least one. */
    int within(long chars) {
        long left = chars - (persona == 1 ? turns.getFirst().text().length() : 0);
        int count = 0;
        for (int i = turns.size() - 1; i >= persona && left >= 0; i--) {
            left -= turns.get(i).text().length();
            if (left >= 0 && starts.contains(i)) {
                count++;
            }
        }
        return Math.max(1, count);
    }

    /** The persona and so many of the latest exchanges. */
    List<Turn> latest(int count) {
        List<Turn> kept = new ArrayList<>(turns.subList(0, persona));
        kept.addAll(turns.subList(starts.get(starts.size() - count), turns.size()));
        return kept;
    }
}
