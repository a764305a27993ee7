package dev.limbic.server.security;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/** Somebody with a name, and what is left of its quota. Stays when its token or its quota changes. Thread-safe. */
final class Client {
    private final String name;
    private final TokenBucket calls;
    private final TokenBucket cost;
    private final AtomicInteger streams = new AtomicInteger();
    private volatile Quota quota;

    Client(String name, Quota quota, LongSupplier nanoTime) {
        this.name = name;
        this.quota = quota;
        this.calls = new TokenBucket(quota.calls(), nanoTime);
        this.cost = new TokenBucket(quota.cost(), nanoTime);
    }

    String name() {
        return name;
    }

    Quota quota() {
        return quota;
    }

    void quota(Quota changed) {
        if (!changed.equals(quota)) {
            calls.rate(changed.calls());
            cost.rate(changed.cost());
            quota = changed;
        }
    }

    /** Takes a call; 0 if there was one, else nanoseconds until there is. */
    long takeCall() {
        return quota.calls() == Quota.NONE ? 0 : calls.take();
    }

    /** 0 unless it has used more text than it may; else nanoseconds until that is made up for. */
    long nanosUntilSolvent() {
        return quota.cost() == Quota.NONE ? 0 : cost.nanosUntilSolvent();
    }

    void charge(int tokens) {
        cost.charge(tokens);
    }

    /** Takes one of the streams that may be open, unless all are. */
    boolean openStream() {
        if (streams.incrementAndGet() > quota.streams()) {
            streams.decrementAndGet();
            return false;
        }
        return true;
    }

    void closeStream() {
        streams.decrementAndGet();
    }
}
