package dev.limbic.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * What listeners are to be told, gathered while a step is planned or taken in and handed over as a whole: the thread that
 * owns the device wakes another one at most once for it, and never runs what a listener does. Belongs to the owner.
 */
final class Announcements {
    private final Executor tellers;
    private List<Runnable> gathered = new ArrayList<>();

    /** @param tellers run one task after the other, in order */
    Announcements(Executor tellers) {
        this.tellers = tellers;
    }

    void add(Runnable announcement) {
        gathered.add(announcement);
    }

    /** Hands over what was gathered. */
    void send() {
        if (gathered.isEmpty()) {
            return;
        }
        List<Runnable> batch = gathered;
        gathered = new ArrayList<>(batch.size());
        tellers.execute(() -> batch.forEach(Runnable::run));
    }
}
