package dev.limbic.generate;

import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A rig whose steps take time: the clock moves by what a step costs, and stands still otherwise. */
final class TimedRig {
    static final long MILLI = 1_000_000;
    static final int CHUNK = 32;

    final Rig rig;
    /** Nanoseconds of a step, of each text that gains a token, and of each row of a prompt. */
    long fixed = 4 * MILLI;

    long perText = MILLI / 2;
    long perRow = MILLI / 10;
    private final int places;
    private final Random pauses = new Random(9);
    private double noise;
    private final Generator generator;

    TimedRig(int places) {
        this.places = places;
        rig = new Rig(4000, 4, new Scheduler.Limits(FakeModel.VOCABULARY, 300, places, CHUNK, 1000));
        generator = new Generator(rig.scheduler, step -> {
            int texts = step.decoding();
            double spread = 1 + noise * (2 * pauses.nextDouble() - 1);
            double pause = noise > 0 && pauses.nextInt(50) == 0 ? 5 : 1;
            rig.now.addAndGet((long) (spread * pause * cost(texts, step.rows() - texts)));
            return rig.model.run(step);
        });
    }

    /** From now on each step takes up to so much more or less than it should, and some five times as long. */
    TimedRig noisy(double share) {
        noise = share;
        return this;
    }

    long cost(int texts, int promptRows) {
        return fixed + perText * texts + perRow * promptRows;
    }

    boolean step() {
        return generator.step();
    }

    /** Nanoseconds that a reply takes alone. */
    long alone(int prompt, int tokens) {
        return (long) Math.ceilDiv(prompt, CHUNK) * fixed + perRow * prompt + (tokens - 1) * cost(1, 0);
    }

    /** A reply of exactly so many tokens that is worth nothing without all of them, or, with less, the least. */
    static GenerationRequest request(int prompt, int least, int most, long timeoutNanos) {
        int[] ids = new int[prompt];
        ids[prompt - 1] = 1 + prompt % 20;
        Settings settings = Settings.drawn(prompt, most).ending(List.of(), List.of(), least, most);
        return new GenerationRequest(ids, 0, settings.built(), 0, timeoutNanos);
    }

    /** Queues; null if it is refused for want of time. */
    @Nullable
    Heard submit(GenerationRequest request) {
        Heard heard = new Heard();
        try {
            rig.scheduler.submit(request, heard);
            return heard;
        } catch (LimbicException.Overloaded refused) {
            return null;
        }
    }

    /** Lets it learn: some replies alone and some together. */
    TimedRig learnt() {
        for (int count : new int[] {1, 3, 6}) {
            for (int i = 0; i < count; i++) {
                submit(request(10 + i, 0, 20, Long.MAX_VALUE));
            }
            while (step()) {}
        }
        return this;
    }

    /**
     * What came of an open load.
     *
     * @param inTime replies that had all their tokens before their deadline
     * @param good what these cost a device that is full, per second: 1 if it did nothing else
     * @param wasted what the others cost, per second
     */
    record Outcome(int offered, int inTime, double seconds, double good, double wasted) {}

    private record Guest(Heard heard, int prompt) {}

    /**
     * Replies that come at random instants, at a rate of so many a second.
     *
     * @param minimum whether they are worth nothing unless whole, and say so
     */
    Outcome load(double perSecond, int count, long timeoutNanos, boolean minimum, long seed) {
        Random random = new Random(seed);
        List<Guest> guests = new ArrayList<>();
        long began = rig.now.get();
        double next = began;
        for (int offered = 0; offered < count || rig.scheduler.hasWork(); ) {
            while (offered < count && next <= rig.now.get()) {
                int most = random.nextInt(10, 41);
                int prompt = random.nextInt(10, 41);
                long left = timeoutNanos - (rig.now.get() - (long) next);
                Heard heard = submit(request(prompt, minimum ? most : 0, most, left));
                if (heard != null) {
                    guests.add(new Guest(heard, prompt));
                }
                offered++;
                next += -Math.log(1 - random.nextDouble()) * 1e9 / perSecond;
            }
            if (!step()) {
                rig.now.set(Math.max(rig.now.get(), (long) next + 1));
            }
        }
        double seconds = (rig.now.get() - began) / 1e9;
        int inTime = 0;
        double good = 0;
        double wasted = 0;
        for (Guest guest : guests) {
            int tokens = guest.heard.tokens.size();
            double work = tokens == 0 ? 0 : perRow * guest.prompt + tokens * (double) cost(places, 0) / places;
            if (guest.heard.reason() == FinishReason.LENGTH) {
                inTime++;
                good += work;
            } else {
                wasted += work;
            }
        }
        return new Outcome(count, inTime, seconds, good / seconds / 1e9, wasted / seconds / 1e9);
    }
}
