package dev.limbic.generate;

import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Learns how long steps take and says of texts with a deadline whether they can be in time, so that the device computes
 * nothing that nobody waits for. What a text is worth waiting for is its <em>goal</em>: its least tokens; where that is
 * more, twice as many as texts have on the average, but no more than half of those that it could have alone in its time. A
 * text without a deadline is never too late. Belongs to the scheduler's owner except for {@link #requireInTime}.
 */
final class Punctuality {
    /** What is promised must hold although forecasts are not exact. */
    private static final double MARGIN = 1.1;

    /** Of what is expected: a device that is idle refuses only what even a faster one could not do. */
    private static final double IDLE = 0.5;

    /** Each refusal by an idle device, which learns nothing by it, makes the next one less likely. */
    private static final double DOUBT = 0.9;

    private static final Forecast.Text UNKNOWN = new Forecast.Text(0, Integer.MAX_VALUE, 0);
    private static final double LEARNT_FROM_ONE = 1.0 / 16;

    /**
     * What waits or runs, as another thread may see it.
     *
     * @param number of this sight; each has its own
     * @param nanos when this was so
     * @param usual what texts take on the average
     */
    private record Outlook(
            int number,
            long nanos,
            StepTimes.Cost cost,
            Forecast.Text usual,
            List<Forecast.Text> running,
            List<Sequence> waiting,
            List<Forecast.Text> waitingTexts) {}

    /**
     * A text that was refused because of those before it, and what it would have taken. Until something is seen to have
     * changed, one that is as late in the order and asks for as much takes no less, which need not be found out again.
     *
     * @param outlook number of the sight by which it was refused
     */
    private record Refused(int outlook, long dueNanos, Forecast.Text text, double neededNanos) {
        boolean takesNoMoreThan(int seen, long due, Forecast.Text other) {
            return outlook == seen
                    && dueNanos <= due
                    && text.promptRows() <= other.promptRows()
                    && text.goal() <= other.goal();
        }
    }

    private final int chunkTokens;
    private final int places;
    private final StepTimes times = new StepTimes();
    private final AtomicInteger doubts = new AtomicInteger();
    private volatile Outlook outlook =
            new Outlook(0, 0, StepTimes.Cost.UNKNOWN, UNKNOWN, List.of(), List.of(), List.of());
    private volatile Refused refused = new Refused(-1, 0, UNKNOWN, 0);
    private double meanTokens;
    private double meanRows;
    private int stepTexts = -1;
    private int stepPromptRows;
    private long stepBegan;

    /** @param places most texts that run at a time */
    Punctuality(int chunkTokens, int places) {
        this.chunkTokens = chunkTokens;
        this.places = places;
    }

    /** A step was planned from that instant on. */
    void begins(int texts, int promptRows, long planned) {
        stepTexts = texts;
        stepPromptRows = promptRows;
        stepBegan = planned;
    }

    /** The step is over and the next one may be planned; what came between the two is part of what a step takes. */
    void ends(long now) {
        if (stepTexts >= 0) {
            times.learn(stepTexts, stepPromptRows, now - stepBegan);
            doubts.set(0);
            stepTexts = -1;
        }
    }

    /** The step failed: how long that took says nothing. */
    void forget() {
        stepTexts = -1;
    }

    /** A text ended. */
    void ended(FinishReason reason, Finish.Usage usage) {
        int tokens = usage.newTokens();
        boolean whole = reason == FinishReason.STOP
                || reason == FinishReason.STOP_STRING
                || reason == FinishReason.LENGTH
                || (reason == FinishReason.DEADLINE && tokens > meanTokens);
        if (whole) {
            double share = meanTokens == 0 ? 1 : LEARNT_FROM_ONE;
            meanTokens += (tokens - meanTokens) * share;
            meanRows += (usage.promptTokens() - usage.cachedTokens() - meanRows) * share;
        }
    }

    private Forecast.Text usual() {
        return meanTokens == 0 ? UNKNOWN : new Forecast.Text((int) Math.ceil(meanRows), (int) Math.ceil(meanTokens), 0);
    }

    /** Shows other threads what is so now. */
    void publish(Collection<Sequence> active, Collection<Sequence> waiting, long now) {
        Forecast.Text usual = usual();
        outlook = new Outlook(
                outlook.number() + 1,
                now,
                times.cost(),
                usual,
                texts(active, usual),
                List.copyOf(waiting),
                texts(waiting, usual));
    }

    private static List<Forecast.Text> texts(Collection<Sequence> sequences, Forecast.Text usual) {
        List<Forecast.Text> texts = new ArrayList<>(sequences.size() + 1);
        for (Sequence sequence : sequences) {
            texts.add(sequence.forecast(usual.tokens()));
        }
        return texts;
    }

    /**
     * Gives a text that is about to be queued its goal; from any thread.
     *
     * @param submitted what was queued after the last step was planned
     * @throws LimbicException.Overloaded if it cannot reach that in time
     */
    void requireInTime(Sequence sequence, Collection<Sequence> submitted, long now) {
        Outlook seen = outlook;
        if (!sequence.hasDeadline() || seen.cost().equals(StepTimes.Cost.UNKNOWN)) {
            return;
        }
        double left = sequence.timeLeft(now);
        sequence.aim(goal(sequence, seen, left));
        Forecast.Text text = sequence.forecast(seen.usual().tokens());
        Refused last = refused;
        boolean harder = last.takesNoMoreThan(seen.number(), sequence.dueNanos(), text);
        double underway = underway(seen, now);
        double usable = left / MARGIN;
        if (harder) {
            requireTime(last.neededNanos() - underway, usable, left);
        }
        List<Forecast.Text> texts = before(sequence, seen, submitted);
        if (texts.isEmpty()) {
            requireIdleTime(needed(texts, text, seen.cost(), null), left);
            return;
        }
        double needed = needed(texts, text, seen.cost(), seen.usual());
        if (needed - underway > usable && !harder) {
            refused = new Refused(seen.number(), sequence.dueNanos(), text, needed);
        }
        requireTime(needed - underway, usable, left);
    }

    private void requireIdleTime(double needed, double left) {
        double usable = left / confidence();
        if (needed > usable) {
            doubts.incrementAndGet();
        }
        requireTime(needed, usable, left);
    }

    private static void requireTime(double needed, double usable, double left) {
        if (needed > usable) {
            throw tooLate(needed, usable, left);
        }
    }

    /** Of the step that began at that sight, about so much is over. */
    private static double underway(Outlook seen, long now) {
        return Math.clamp(
                (double) (now - seen.nanos()),
                0,
                seen.cost().step(seen.running().size(), 0));
    }

    private static List<Forecast.Text> before(Sequence sequence, Outlook seen, Collection<Sequence> submitted) {
        List<Forecast.Text> texts = new ArrayList<>(seen.running());
        for (int i = 0; i < seen.waiting().size(); i++) {
            if (seen.waiting().get(i).compareTo(sequence) < 0) {
                texts.add(seen.waitingTexts().get(i));
            }
        }
        for (Sequence other : submitted) {
            if (other.compareTo(sequence) < 0) {
                texts.add(other.forecast(seen.usual().tokens()));
            }
        }
        return texts;
    }

    private int goal(Sequence sequence, Outlook seen, double left) {
        StepTimes.Cost cost = seen.cost();
        double alone = (left - cost.prompt(sequence.rowsMissing(), chunkTokens)) / cost.step(1, 0);
        int usual = Math.clamp(2L * seen.usual().tokens(), sequence.least(), sequence.most());
        return Math.max(sequence.least(), (int) Math.min(usual, alone / 2));
    }

    private double needed(
            List<Forecast.Text> before, Forecast.Text text, StepTimes.Cost cost, Forecast.@Nullable Text follower) {
        before.add(text);
        return Forecast.goals(cost, chunkTokens, places, before, follower)[before.size() - 1];
    }

    private double confidence() {
        return IDLE * Math.pow(DOUBT, doubts.get());
    }

    /** Once so much of what is ahead of it is done that the rest fits into its time, another try makes sense. */
    private static LimbicException.Overloaded tooLate(double neededNanos, double usableNanos, double leftNanos) {
        double wait = MARGIN * (neededNanos - usableNanos);
        return new LimbicException.Overloaded(
                "the reply cannot be in time: what it is worth waiting for takes about %d ms, %d ms are left"
                        .formatted((long) neededNanos / 1_000_000, (long) leftNanos / 1_000_000),
                wait);
    }

    /** Why a text that waits could not even have its least tokens in time if it were alone, or null. */
    LimbicException.@Nullable Overloaded hopeless(Sequence sequence, boolean idle, long now) {
        StepTimes.Cost cost = times.cost();
        if (!sequence.hasDeadline() || sequence.state() != Sequence.State.WAITING) {
            return null; // what has been preempted has been computed
        }
        double needed = cost.prompt(sequence.rowsMissing(), chunkTokens) + (sequence.least() - 1) * cost.step(1, 0);
        double left = sequence.timeLeft(now);
        double usable = left / (idle ? confidence() : 1);
        return needed > usable ? tooLate(needed, usable, left) : null;
    }

    /** Why a text that could run from now on could not have its least tokens in time beside the others, or null. */
    LimbicException.@Nullable Overloaded hopelessBeside(Collection<Sequence> active, Sequence sequence, long now) {
        if (!sequence.hasDeadline() || sequence.state() != Sequence.State.WAITING || active.isEmpty()) {
            return null;
        }
        Forecast.Text usual = usual();
        Forecast.Text text = sequence.forecast(usual.tokens());
        Forecast.Text least = new Forecast.Text(text.promptRows(), text.tokens(), sequence.least());
        double needed = needed(texts(active, usual), least, times.cost(), null);
        double left = sequence.timeLeft(now);
        return needed > left ? tooLate(needed, left, left) : null;
    }

    /** Whether a running text would miss its goal if another one ran too, and would not otherwise. */
    boolean wouldDelay(Collection<Sequence> active, Sequence another, long now) {
        if (active.stream().noneMatch(Sequence::hasGoal)) {
            return false;
        }
        List<Forecast.Text> texts = texts(active, usual());
        double[] without = Forecast.goals(times.cost(), chunkTokens, places, texts, null);
        texts.add(another.forecast(usual().tokens()));
        double[] with = Forecast.goals(times.cost(), chunkTokens, places, texts, null);
        int i = 0;
        for (Sequence sequence : active) {
            double left = sequence.timeLeft(now) / MARGIN;
            if (sequence.hasGoal() && with[i] > left && without[i] <= left) {
                return true;
            }
            i++;
        }
        return false;
    }
}
