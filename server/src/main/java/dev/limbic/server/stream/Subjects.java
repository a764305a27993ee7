package dev.limbic.server.stream;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The subjects of a stream, by name; so many at most, and those that are silent for long enough are forgotten. That
 * happens with whatever happens on the stream, and when {@link Interactions#forgetSilent} is called. Not thread-safe.
 *
 * @param <F> a frame on its way
 */
final class Subjects<F> {
    private final Function<String, Subject<F>> create;
    private final int most;
    private final Duration patience;

    /** Those that were silent for longest first. */
    private final Map<String, Subject<F>> byName = new LinkedHashMap<>(4, 0.75f, true);

    Subjects(FrameRules rules, Function<String, Subject<F>> create) {
        this.create = create;
        this.most = rules.maxSubjects();
        this.patience = rules.forgetAfter();
    }

    /**
     * The subject of a name, of which something happens now.
     *
     * @throws LimbicException.Overloaded if it is one more than there may be
     */
    Subject<F> heard(String name, long nowNanos) {
        forgetSilent(nowNanos);
        Subject<F> subject = byName.get(name);
        if (subject == null) {
            if (byName.size() >= most) {
                throw new LimbicException.Overloaded(
                        "the stream has %d subjects, the most (frames.max-subjects); one is forgotten after %d ms without a frame"
                                .formatted(most, patience.toMillis()),
                        patience);
            }
            subject = create.apply(name);
            byName.put(name, subject);
        }
        subject.heard(nowNanos);
        return subject;
    }

    /** Looks at those that were silent for longest until one was not silent for long enough. */
    void forgetSilent(long nowNanos) {
        Iterator<Subject<F>> longest = byName.values().iterator();
        while (longest.hasNext()) {
            Subject<F> subject = longest.next();
            if (!subject.isSilent(nowNanos, patience)) {
                return;
            }
            subject.forget();
            longest.remove();
        }
    }

    /** All of them. */
    Collection<Subject<F>> all() {
        return byName.values();
    }
}
