package dev.limbic.generate;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Continuous batching: decides before each step which sequences take part. One thread owns the scheduler and calls
 * {@link #plan}, then {@link #accept} or {@link #fail}; {@link #submit}, {@link #hasWork} and {@link Sequence#cancel}
 * may be called from any thread.
 *
 * <ul>
 *   <li>Each step all running sequences gain one token. Beside them there is room for one chunk of tokens of prompts that
 *       are not computed yet, see {@link ChunkShares}; so no prompt, however long, delays others by more than a chunk.
 *   <li>Urgency is the <em>due time</em>, the instant of submission plus patience, or the deadline when that is earlier;
 *       then the order of submission. Due times are fixed and time moves on: nothing starves.
 *   <li>A sequence is admitted when there are blocks for all its tokens and one more for each one that is admitted
 *       already. It is not overtaken by a smaller one that would fit, but waits while another computes a prefix that it
 *       can share.
 *   <li>A running sequence that needs a block when there is none takes it from the least urgent one, which is preempted:
 *       it waits with what it has generated and is computed again later. The most urgent always goes on.
 *   <li>Cancelled and expired sequences end, and give their blocks back, before the next step is planned.
 *   <li>A sequence that cannot be in time is refused, or ended before its prompt is computed; none is admitted that would
 *       make another one late, see {@link Punctuality}.
 * </ul>
 */
public final class Scheduler {
    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(1);

    /**
     * Bounds of a model and of its batches.
     *
     * @param vocabulary number of logits, V
     * @param context longest sequence the model can read, prompt and reply
     * @param maxSequences most sequences that hold blocks at a time
     * @param chunkTokens most prompt tokens in a step
     * @param queue most sequences that wait for their first step
     */
    public record Limits(int vocabulary, int context, int maxSequences, int chunkTokens, int queue) {
        public Limits {
            if (vocabulary < 1 || context < 2 || maxSequences < 1 || chunkTokens < 1 || queue < 1) {
                throw new IllegalArgumentException("expected positive limits and a context of at least 2, found "
                        + "vocabulary %d, context %d, maxSequences %d, chunkTokens %d, queue %d"
                                .formatted(vocabulary, context, maxSequences, chunkTokens, queue));
            }
        }
    }

    private final Limits limits;
    private final Fit fit;
    private final BlockPool pool;
    private final PrefixCache cache;
    private final TokenBytes bytes;
    private final LongSupplier clock;
    private final NextTokenPlanner planner;
    private final Announcements announcements;
    private final Punctuality punctuality;

    private final Queue<Sequence> submitted = new ConcurrentLinkedQueue<>();
    private final AtomicLong nextNumber = new AtomicLong();
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicInteger unfinished = new AtomicInteger();

    private final TreeSet<Sequence> waiting = new TreeSet<>();
    private final TreeSet<Sequence> active = new TreeSet<>();
    private @Nullable StepBuilder underway;

    /**
     * A scheduler without work.
     *
     * @param pool blocks of the model's cache; belongs to the scheduler from now on
     * @param bytes what tokens stand for
     * @param rules what the model's makers demand of each text
     * @param tellers call the listeners: one task after the other, in order, on another thread than the owner's, which has
     *     the device to feed
     * @param clock nanoseconds, as {@link System#nanoTime}
     */
    public Scheduler(
            Limits limits, BlockPool pool, TokenBytes bytes, TokenRules rules, Executor tellers, LongSupplier clock) {
        this.limits = limits;
        this.fit = new Fit(limits, pool);
        this.pool = pool;
        this.cache = new PrefixCache(pool);
        this.bytes = bytes;
        this.clock = clock;
        this.planner = new NextTokenPlanner(limits.vocabulary(), rules);
        this.announcements = new Announcements(tellers);
        this.punctuality = new Punctuality(limits.chunkTokens(), limits.maxSequences());
    }

    /**
     * Queues a text. Returns at once; the listener hears from the thread that tells.
     *
     * @throws LimbicException.Invalid if it can never be generated
     * @throws LimbicException.Expired if its time has passed
     * @throws LimbicException.Overloaded if too many wait, or it cannot be in time
     */
    public Sequence submit(GenerationRequest request, TokenListener listener) {
        SamplingRules rules = new SamplingRules(request.sampling(), limits.vocabulary());
        int limit = fit.mostTokens(request);
        if (request.timeoutNanos() <= 0) {
            throw new LimbicException.Expired("the deadline passed before the text was queued");
        }
        if (queued.incrementAndGet() > limits.queue()) {
            queued.decrementAndGet();
            throw new LimbicException.Overloaded(
                    "the queue is full: %d texts wait to be generated".formatted(limits.queue()), RETRY_WHEN_FULL);
        }
        TextStream text = new TextStream(bytes, request.sampling().ending().stopStrings());
        long now = clock.getAsLong();
        Sequence sequence =
                new Sequence(nextNumber.getAndIncrement(), now, request, rules, text, listener, pool, limit);
        try {
            punctuality.requireInTime(sequence, submitted, now);
        } catch (LimbicException.Overloaded late) {
            queued.decrementAndGet();
            throw late;
        }
        unfinished.incrementAndGet();
        submitted.add(sequence);
        return sequence;
    }

    /**
     * Checks a request without queueing it; from any thread.
     *
     * @throws LimbicException.Invalid if it can never be generated
     */
    public void requirePossible(GenerationRequest request) {
        new SamplingRules(request.sampling(), limits.vocabulary());
        fit.mostTokens(request);
    }

    /** Whether any text is not finished. */
    public boolean hasWork() {
        return unfinished.get() > 0;
    }

    /** Texts that wait for their first step, from any thread. */
    public int queued() {
        return queued.get();
    }

    /** Blocks that sequences hold. */
    public int blocksInUse() {
        return cache.held();
    }

    /** Blocks of shared prefixes that no sequence holds at present; they make room when needed. */
    public int blocksCached() {
        return cache.idle();
    }

    /** Sequences that wait for blocks, preempted ones included. */
    public int waiting() {
        return waiting.size();
    }

    /** Sequences that hold blocks. */
    public int active() {
        return active.size();
    }

    /** Ends what is cancelled or expired and plans the next step; null if there is no work. */
    public @Nullable Step plan() {
        if (underway != null) {
            throw new IllegalStateException("the step before has neither been accepted nor failed");
        }
        for (Sequence next = submitted.poll(); next != null; next = submitted.poll()) {
            waiting.add(next);
        }
        long now = clock.getAsLong();
        punctuality.ends(now);
        for (Sequence sequence :
                Stream.concat(active.stream(), waiting.stream()).toList()) {
            if (!endIfDue(sequence, now)) {
                endIfLate(sequence, punctuality.hopeless(sequence, active.isEmpty(), now));
            }
        }
        StepBuilder builder = new StepBuilder();
        planDecoding(builder);
        planPrefill(builder, now);
        Step step = builder.build(planner);
        underway = step == null ? null : builder;
        if (step != null) {
            punctuality.begins(builder.decoding(), builder.promptRows(), now);
        }
        tell(now);
        return step;
    }

    /** Ends a step's planning or taking in. */
    private void tell(long now) {
        punctuality.publish(active, waiting, now);
        announcements.send();
    }

    private boolean endIfLate(Sequence sequence, LimbicException.@Nullable Overloaded late) {
        if (late != null) {
            finish(sequence, FinishReason.FAILED, late);
        }
        return late != null;
    }

    private void planDecoding(StepBuilder builder) {
        for (Sequence sequence : List.copyOf(active)) {
            if (sequence.state() == Sequence.State.RUNNING && makeRoom(sequence)) {
                builder.add(sequence, 1);
            }
        }
    }

    /** Gives the sequence the block that it needs; false if that preempted the sequence itself. */
    private boolean makeRoom(Sequence sequence) {
        while (!sequence.reserve(cache)) {
            Sequence leastUrgent = active.last();
            active.remove(leastUrgent);
            leastUrgent.preempted(cache);
            waiting.add(leastUrgent);
            if (leastUrgent.equals(sequence)) {
                return false;
            }
        }
        return true;
    }

    private void planPrefill(StepBuilder builder, long now) {
        admitWaiting(now);
        List<Sequence> prompts = active.stream()
                .filter(sequence -> sequence.state() == Sequence.State.PREFILLING)
                .toList();
        int[] computable = prompts.stream().mapToInt(Sequence::computable).toArray();
        int[] shares = ChunkShares.of(computable, limits.chunkTokens());
        for (int i = 0; i < shares.length; i++) {
            if (shares[i] > 0) {
                builder.add(prompts.get(i), shares[i]);
            }
        }
    }

    private void admitWaiting(long now) {
        for (Sequence sequence : List.copyOf(waiting)) {
            if (active.size() == limits.maxSequences()) {
                return;
            }
            sequence.acquirePrefix(cache);
            if (active.stream().anyMatch(sequence::wouldRepeat)) {
                sequence.release(cache); // soon that part of its prefix can be shared
                continue;
            }
            if (endIfLate(sequence, punctuality.hopelessBeside(active, sequence, now))) {
                continue;
            }
            boolean roomy = cache.available() - sequence.blocksMissing() >= active.size();
            if (!roomy || punctuality.wouldDelay(active, sequence, now) || !sequence.reserve(cache)) {
                sequence.release(cache);
                return;
            }
            if (sequence.state() == Sequence.State.WAITING) {
                queued.decrementAndGet();
            }
            waiting.remove(sequence);
            active.add(sequence);
            sequence.admitted();
        }
    }

    /**
     * Takes the step's result and lets the listeners be told.
     *
     * @param choices what follows from {@link Step#logitRows}, [S]
     */
    public void accept(List<Choice> choices) {
        StepBuilder step = takeStep();
        if (choices.size() != step.sampled()) {
            fail(
                    step,
                    new LimbicException.Internal(
                            "the model gave too few tokens or too many",
                            new IllegalArgumentException(
                                    "expected %d choices, found %d".formatted(step.sampled(), choices.size()))));
            return;
        }
        long now = clock.getAsLong();
        Iterator<Choice> next = choices.iterator();
        for (StepBuilder.Part part : step.parts()) {
            Sequence sequence = part.sequence();
            sequence.advance(part.rows(), cache);
            Choice choice = part.sampled() ? next.next() : null;
            if (!endIfDue(sequence, now) && choice != null) {
                sequence.running();
                goOn(sequence, choice);
            }
        }
        if (!hasWork()) {
            punctuality.ends(now);
        }
        tell(now);
    }

    private void goOn(Sequence sequence, Choice choice) {
        LimbicException failure = choice.failure();
        if (failure != null) {
            finish(sequence, FinishReason.FAILED, failure);
            return;
        }
        SamplingRules rules = sequence.rules;
        if (rules.stopsAt(choice.id())) {
            finish(sequence, FinishReason.STOP, null);
            return;
        }
        sequence.history.append(choice.id());
        boolean mayStop =
                sequence.history.generated() >= rules.settings.ending().minNewTokens();
        String text = sequence.text.push(choice.id(), mayStop);
        GeneratedToken token = new GeneratedToken(choice.id(), text, choice.logProbability(), choice.alternatives());
        announcements.add(() -> sequence.telling.token(token));
        if (sequence.text.stopped()) {
            finish(sequence, FinishReason.STOP_STRING, null);
        } else if (sequence.full()) {
            finish(sequence, FinishReason.LENGTH, null);
        }
    }

    /** The device failed in the step: its sequences end as failed, and what the cache remembers is not trusted. */
    public void fail(LimbicException why) {
        fail(takeStep(), why);
    }

    private void fail(StepBuilder step, LimbicException why) {
        cache.clear();
        for (StepBuilder.Part part : step.parts()) {
            finish(part.sequence(), FinishReason.FAILED, why);
        }
        punctuality.forget();
        tell(clock.getAsLong());
    }

    /** Ends everything as failed, whether in a step or waiting: the device is lost, or the server stops. */
    public void failAll(LimbicException why) {
        underway = null;
        cache.clear();
        List<Sequence> all = new ArrayList<>(active);
        all.addAll(waiting);
        for (Sequence next = submitted.poll(); next != null; next = submitted.poll()) {
            all.add(next);
        }
        for (Sequence sequence : all) {
            finish(sequence, FinishReason.FAILED, why);
        }
        punctuality.forget();
        tell(clock.getAsLong());
    }

    private StepBuilder takeStep() {
        StepBuilder step = underway;
        if (step == null) {
            throw new IllegalStateException("no step has been planned");
        }
        underway = null;
        return step;
    }

    private boolean endIfDue(Sequence sequence, long now) {
        if (sequence.cancelled()) {
            finish(sequence, FinishReason.CANCELLED, null);
            return true;
        }
        if (sequence.expiredAt(now)) {
            finish(sequence, FinishReason.DEADLINE, null);
            return true;
        }
        return false;
    }

    private void finish(Sequence sequence, FinishReason reason, @Nullable LimbicException failure) {
        if (sequence.state() == Sequence.State.WAITING) {
            queued.decrementAndGet();
        }
        active.remove(sequence);
        waiting.remove(sequence);
        Finish finish = new Finish(reason, sequence.text.flush(), sequence.finished(cache), failure);
        punctuality.ended(reason, finish.usage());
        unfinished.decrementAndGet();
        announcements.add(() -> sequence.telling.finished(finish));
    }
}
