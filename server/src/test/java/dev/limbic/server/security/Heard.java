package dev.limbic.server.security;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Remembers what a gate tells. */
public final class Heard implements GateObserver {
    public final List<String> refusals = new CopyOnWriteArrayList<>();
    public final List<String> files = new CopyOnWriteArrayList<>();
    private final Map<String, AtomicLong> counts = new ConcurrentHashMap<>();

    /** What was counted under a key such as {@code requests alice}. */
    public long count(String key) {
        AtomicLong count = counts.get(key);
        return count == null ? 0 : count.get();
    }

    private void add(String key, long amount) {
        counts.computeIfAbsent(key, name -> new AtomicLong()).addAndGet(amount);
    }

    @Override
    public void refused(String client, String peer, String method, Refusal reason) {
        refusals.add(client + " " + method + " " + reason);
    }

    @Override
    public void admitted(String client) {
        add("requests " + client, 1);
    }

    @Override
    public void streams(String client, int change) {
        add("streams " + client, change);
    }

    @Override
    public void used(String client, int tokens) {
        add("cost " + client, tokens);
    }

    @Override
    public void reloaded(String what) {
        files.add(what + " reloaded");
    }

    @Override
    public void reloadFailed(String what, String reason) {
        files.add(what + " failed: " + reason);
    }
}
