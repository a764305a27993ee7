package dev.limbic.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code limbic bench stress [--minutes N]}: clients that join, cancel, vanish and run out of time at random, on a server
 * with the starter models in a process of its own; at the end nothing of them is left in it.
 */
public final class StressBench {
    private static final int CLIENTS = 12;
    private static final Duration SAMPLES = Duration.ofSeconds(1);
    private static final int TOLD_EVERY = 30;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private StressBench() {}

    /** Runs, 30 minutes if nothing else is said, and prints the goals last; exits 0 whether they are met or not. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        double minutes = 30;
        if (arguments.length == 2 && arguments[0].equals("--minutes")) {
            minutes = Double.parseDouble(arguments[1]);
        } else if (arguments.length > 0) {
            System.err.println("usage: limbic bench stress [--minutes N]");
            System.exit(2);
        }
        Path config = Files.createTempFile("limbic-stress", ".yaml");
        try {
            // A cache so small that replies give way to one another.
            Files.writeString(config, """
                    models-directory: %s
                    models:
                      - {name: emotion-lstm, path: starter/emotion-lstm}
                      - {name: emotion-bert, path: starter/emotion-bert}
                      - {name: dialogue-gpt, path: starter/dialogue-gpt, cache: 4MiB}
                    """.formatted(DialogueBench.models()));
            try (ServerProcess server = new ServerProcess("--config", config.toString())) {
                run(server, (long) (minutes * 60)).forEach(System.out::println);
            }
        } finally {
            Files.deleteIfExists(config);
        }
        System.exit(0);
    }

    private static List<Goal> run(ServerProcess server, long seconds) throws IOException, InterruptedException {
        long seed = System.nanoTime();
        System.out.printf(Locale.ROOT, "%d clients for %d s, seed %d%n", CLIENTS, seconds, seed);
        long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        Map<String, AtomicLong> outcomes = new ConcurrentHashMap<>();
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(Thread.ofPlatform().start(new StressClient(server.port(), seed + i, end, outcomes)));
        }
        List<Double> resident = new ArrayList<>();
        while (System.nanoTime() < end) {
            Thread.sleep(SAMPLES);
            resident.add(server.residentMegabytes());
            if (resident.size() % TOLD_EVERY == 0) {
                tell(server, resident.size());
            }
        }
        for (Thread client : clients) {
            client.join();
        }
        double left = awaitQuiet(server);
        tell(server, resident.size());
        System.out.println(new TreeMap<>(outcomes));
        long wrong = outcomes.entrySet().stream()
                .filter(outcome -> outcome.getKey().startsWith("wrong"))
                .mapToLong(outcome -> outcome.getValue().get())
                .sum();
        int tenth = Math.max(1, resident.size() / 10);
        double early = mean(resident.subList(Math.min(2 * tenth, resident.size() - tenth), resident.size())
                .subList(0, tenth));
        double late = mean(resident.subList(resident.size() - tenth, resident.size()));
        System.out.printf(Locale.ROOT, "resident set: %.1f MB after a fifth, %.1f MB at the end%n", early, late);
        return List.of(
                new Goal("blocks in use after the storm", server.metric("limbic_cache_blocks_used"), 0, "blocks", true),
                new Goal("streams, texts and requests that are left", left, 0, "in all", true),
                new Goal("calls that did not end as they may", wrong, 0, "calls", true),
                new Goal("growth of the resident set", 100 * (late / early - 1), 5, "%", true));
    }

    private static void tell(ServerProcess server, int second) throws IOException, InterruptedException {
        System.out.printf(
                Locale.ROOT,
                "%5d s  resident %.1f MB, %.0f blocks, %.0f sequences, %.0f streams, %.0f replies, %.0f tokens%n",
                second,
                server.residentMegabytes(),
                server.metric("limbic_cache_blocks_used"),
                server.metric("limbic_sequences"),
                server.metric("limbic_streams_open"),
                server.metric("limbic_replies_total"),
                server.metric("limbic_tokens_generated_total"));
    }

    /** What is left once nothing more goes, or when patience ends. */
    private static double awaitQuiet(ServerProcess server) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        double left = Double.MAX_VALUE;
        while (left > 0 && System.nanoTime() < end) {
            Thread.sleep(200);
            left = 0;
            for (String gauge : List.of("sequences", "streams_open", "queue_depth", "inputs_waiting")) {
                left += server.metric("limbic_" + gauge);
            }
        }
        return left;
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    }
}
