package dev.limbic.generate;

import java.util.Arrays;

/**
 * One text on its way: waiting, prefilling, running, finished; under cache pressure preempted, which is waiting with
 * what it has generated. Anyone may call the public methods; the rest belongs to the scheduler and its thread.
 */
public final class Sequence implements Comparable<Sequence> {
    /** Where a sequence is in its life. */
    public enum State {
        /** Has no blocks yet. */
        WAITING,
        /** Has blocks for its tokens; not all are computed. */
        PREFILLING,
        /** Gains a token with every step. */
        RUNNING,
        /** Gave its blocks back and waits to be computed again. */
        PREEMPTED,
        /** Has ended and holds nothing. */
        FINISHED
    }

    private final long number;
    private final long dueNanos;
    private final long deadlineNanos;
    private final BlockPool pool;
    private final int sharedBlocks;
    private final int mostTokens;

    final SamplingRules rules;
    final TokenHistory history;
    final TextStream text;
    final Telling telling;

    private final int[] blocks;
    private int blockCount;
    private int computed;
    private int remembered;
    private int cachedTokens;
    private int preemptions;
    private int goal;
    private volatile State state = State.WAITING;
    private volatile boolean cancelled;

    Sequence(
            long number,
            long nowNanos,
            GenerationRequest request,
            SamplingRules rules,
            TextStream text,
            TokenListener listener,
            BlockPool pool,
            int limit) {
        this.number = number;
        this.deadlineNanos = saturatedSum(nowNanos, request.timeoutNanos());
        this.dueNanos = Math.min(deadlineNanos, saturatedSum(nowNanos, request.patienceNanos()));
        this.pool = pool;
        this.rules = rules;
        this.text = text;
        this.telling = new Telling(listener, this::cancel);
        int prompt = request.prompt().length;
        this.history =
                new TokenHistory(request.prompt(), rules.settings.penalties().any());
        // At least one token is always computed: its logits give the next one.
        this.sharedBlocks = Math.min(request.sharedTokens(), prompt - 1) / pool.blockTokens();
        this.mostTokens =
                prompt + Math.min(limit - prompt, rules.settings.ending().maxNewTokens());
        this.blocks = new int[pool.blocksFor(mostTokens)];
    }

    private static long saturatedSum(long nowNanos, long spanNanos) {
        return spanNanos >= Long.MAX_VALUE - Math.max(0, nowNanos) ? Long.MAX_VALUE : nowNanos + spanNanos;
    }

    /** Ends the text; its blocks are free before the next step. Any number of times. */
    public void cancel() {
        cancelled = true;
    }

    /** Where it is in its life. */
    public State state() {
        return state;
    }

    boolean cancelled() {
        return cancelled;
    }

    boolean expiredAt(long nanos) {
        return deadlineNanos <= nanos;
    }

    boolean hasDeadline() {
        return deadlineNanos != Long.MAX_VALUE;
    }

    /** Nanoseconds until its deadline. */
    long timeLeft(long nanos) {
        return hasDeadline() ? deadlineNanos - nanos : Long.MAX_VALUE;
    }

    /** Tokens without which it is worth nothing. */
    int least() {
        return Math.clamp(rules.settings.ending().minNewTokens(), 1, most());
    }

    /** New tokens that it may have. */
    int most() {
        return mostTokens - history.promptLength();
    }

    /** How many tokens it is worth waiting for; before it is queued. */
    void aim(int tokens) {
        goal = tokens;
    }

    /** Whether there is something in time for which it has yet to come. */
    boolean hasGoal() {
        return goal > history.generated();
    }

    /** Rows before its next token; what it may share with others is taken for computed until it has blocks. */
    int rowsMissing() {
        return blockCount > 0 ? missing() : history.length() - sharedBlocks * pool.blockTokens();
    }

    /** What it still takes, if texts mostly have so many tokens. */
    Forecast.Text forecast(int likely) {
        int generated = history.generated();
        int tokens = Math.max(1, Math.clamp(likely, least(), most()) - generated);
        return new Forecast.Text(state == State.RUNNING ? 0 : rowsMissing(), tokens, Math.max(0, goal - generated));
    }

    int length() {
        return history.length();
    }

    int computed() {
        return computed;
    }

    /** Tokens whose keys and values are not in the cache. */
    int missing() {
        return history.length() - computed;
    }

    /** Whether its prompt is in the cache: what comes next is what it generated, again if it gave way. */
    boolean isPastPrompt() {
        return computed >= history.promptLength();
    }

    /** Tokens that may be computed in one step: those missing of the prompt, after it those missing at all. */
    int computable() {
        return (isPastPrompt() ? history.length() : history.promptLength()) - computed;
    }

    /** Whether it has as many tokens as it may. */
    boolean full() {
        return history.length() >= mostTokens;
    }

    /** Whether it has as many tokens as it may with one more. */
    boolean nearlyFull() {
        return history.length() == mostTokens - 1;
    }

    /** Blocks it needs beyond those it holds. */
    int blocksMissing() {
        return pool.blocksFor(history.length()) - blockCount;
    }

    int slot(int position) {
        return blocks[position / pool.blockTokens()] * pool.blockTokens() + position % pool.blockTokens();
    }

    int[] table(int tokens) {
        return Arrays.copyOf(blocks, pool.blocksFor(tokens));
    }

    /** Takes what the cache has of its prefix. */
    void acquirePrefix(PrefixCache cache) {
        blockCount = cache.acquire(history.tokens(), sharedBlocks, blocks);
        remembered = blockCount;
        computed = blockCount * pool.blockTokens();
    }

    /** Whether another sequence is about to compute the block of the prefix that this one lacks first. */
    boolean wouldRepeat(Sequence other) {
        int end = (remembered + 1) * pool.blockTokens();
        return remembered < sharedBlocks
                && remembered < other.sharedBlocks
                && other.remembered <= remembered
                && Arrays.equals(history.tokens(), 0, end, other.history.tokens(), 0, end);
    }

    /** Takes blocks for all its tokens; false if there are not enough. */
    boolean reserve(PrefixCache cache) {
        while (blocksMissing() > 0) {
            int block = cache.allocate();
            if (block == BlockPool.NONE) {
                return false;
            }
            blocks[blockCount++] = block;
        }
        return true;
    }

    /** So many more tokens are in the cache; full blocks of the prefix are remembered there. */
    void advance(int rows, PrefixCache cache) {
        computed += rows;
        while (remembered < sharedBlocks && (remembered + 1) * pool.blockTokens() <= computed) {
            cache.remember(history.tokens(), remembered++, blocks);
        }
    }

    void admitted() {
        if (state == State.WAITING) {
            cachedTokens = computed;
        }
        state = State.PREFILLING;
    }

    void running() {
        state = State.RUNNING;
    }

    void preempted(PrefixCache cache) {
        release(cache);
        preemptions++;
        state = State.PREEMPTED;
    }

    Finish.Usage finished(PrefixCache cache) {
        release(cache);
        state = State.FINISHED;
        return new Finish.Usage(history.promptLength(), cachedTokens, history.generated(), preemptions);
    }

    /** Gives all blocks back, the last one first. */
    void release(PrefixCache cache) {
        while (blockCount > 0) {
            cache.release(blocks[--blockCount]);
        }
        computed = 0;
        remembered = 0;
    }

    long dueNanos() {
        return dueNanos;
    }

    /** Most urgent first: by due time, then by order of submission. */
    @Override
    public int compareTo(Sequence other) {
        int byDue = Long.compare(dueNanos, other.dueNanos);
        return byDue != 0 ? byDue : Long.compare(number, other.number);
    }

    /** Sequences are equal only to themselves; the number is unique. */
    @Override
    public boolean equals(@org.jspecify.annotations.Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(number);
    }
}
