package dev.limbic.bench;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.Priority;
import dev.limbic.v1.Sampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * {@code limbic bench cpu overload [PART...] [--seconds N]}: what arrives in time when more is asked for than a server can
 * do. Parts are {@code starter}, {@code base}, {@code refusing}, {@code priorities} and {@code replies}. The server is a
 * process of its own; on a machine with several processors it is measured on one, the client on the others, and on all of
 * them together with the client, which then costs the server what the last column says. Capacity is what the same client
 * gets in a closed loop, just before.
 */
final class OverloadBench {
    private static final List<String> PARTS = List.of("starter", "base", "refusing", "priorities", "replies");
    private static final double[] LOADS = {1.2, 2, 5};
    private static final Duration WARM_UP = Duration.ofSeconds(2);

    /** Two full batches by rows: one computes, the next waits. */
    private static final int IN_FLIGHT = 128;

    /** Of {@link #WARM_UP} each, before anything is measured; one core has the compiler's work to do, too. */
    private static final int LEAST_ROUNDS = 8;

    private static final int MOST_ROUNDS = 15;

    /** Of capacity, while refusals and deadlines are made warm. */
    private static final double WARM_LOAD = 2;

    private static final int MESSAGES = 512;
    private static final double MEAN_WORDS = 12;
    private static final int MOST_WORDS = 100;
    private static final int LEAST_TOKENS = 8;
    private static final int MOST_TOKENS = 32;
    private static final List<String> WORDS = List.of(
            "hey",
            "everyone",
            "good",
            "to",
            "see",
            "you",
            "again",
            "did",
            "hear",
            "that",
            "no",
            "way",
            "we",
            "actually",
            "won",
            "the",
            "fight",
            "I",
            "can't",
            "believe",
            "it",
            "run",
            "so",
            "tired",
            "of",
            "losing",
            "thanks",
            "for",
            "waiting",
            "what",
            "do",
            "mean",
            "sold",
            "my",
            "horse",
            "never",
            "mind");

    private final Duration measured;
    private final Cores cores;
    private final List<Goal> goals = new ArrayList<>();

    private OverloadBench(Duration measured, Cores cores) {
        this.measured = measured;
        this.cores = cores;
    }

    static List<Goal> run(List<String> arguments) throws IOException, InterruptedException {
        List<String> parts = new ArrayList<>(arguments);
        Duration measured = Duration.ofSeconds(5);
        int option = parts.indexOf("--seconds");
        if (option >= 0 && option + 1 < parts.size()) {
            measured = Duration.ofMillis((long) (1000 * Double.parseDouble(parts.get(option + 1))));
            parts.subList(option, option + 2).clear();
        }
        if (!PARTS.containsAll(parts)) {
            System.err.println("usage: limbic bench cpu overload [--seconds N] [" + String.join("|", PARTS) + "]...");
            System.exit(2);
        }
        return new OverloadBench(measured, Cores.found()).run(parts.isEmpty() ? PARTS : parts, LOADS);
    }

    private List<Goal> run(List<String> parts, double[] loads) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("limbic-overload");
        try {
            Path base = folder.resolve("base");
            if (parts.contains("base")) {
                RandomBert.write(base);
            }
            head();
            for (int count : counts()) {
                cores.leaveFirst(count);
                for (String part : parts) {
                    part(part, count, base, folder, loads);
                }
            }
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
        return goals;
    }

    private List<Integer> counts() {
        return cores.count() > 1 ? List.of(1, cores.count()) : List.of(1);
    }

    private void part(String part, int count, Path base, Path folder, double[] loads)
            throws IOException, InterruptedException {
        String starter = "models: [{name: emotion-bert, path: starter/emotion-bert}]";
        switch (part) {
            case "starter" -> deadlines("starter BERT", count, folder, starter, starterTexts(), loads, 200, 1000);
            case "base" -> {
                String models = "models: [{name: base, path: \"%s\"}]".formatted(base);
                deadlines("BERT-base", count, folder, models, baseTexts(), loads, 1000, 3000);
            }
            case "refusing" -> refusing(count, folder, starter);
            case "priorities" -> priorities(count, folder, starter);
            case "replies" -> {
                String models = "models: [{name: emotion-lstm, path: starter/emotion-lstm}, "
                        + "{name: dialogue-gpt, path: starter/dialogue-gpt, cache: 64MiB}]";
                deadlines("replies", count, folder, models, replies(), loads, 500, 2000);
            }
            default -> throw new IllegalArgumentException(part);
        }
    }

    private ServerProcess server(int count, Path folder, String models) throws IOException {
        Path config = folder.resolve("limbic.yaml");
        Files.writeString(config, "models-directory: " + DialogueBench.models() + "\n" + models + "\n");
        return new ServerProcess(cores.first(count), "--config", config.toString());
    }

    private void deadlines(
            String what, int count, Path folder, String models, OpenLoad.Mix mix, double[] loads, int... millis)
            throws IOException, InterruptedException {
        try (ServerProcess server = server(count, folder, models);
                OpenLoad load = new OpenLoad(server.port())) {
            warm(load, mix, Duration.ofMillis(millis[0]));
            OpenLoad.Result peak = load.closed(mix, IN_FLIGHT, WARM_UP, measured);
            String name = what + ", " + cores(count);
            row(name + ", closed loop", peak, peak);
            if (peak.inTime() == 0) {
                throw new IllegalStateException("nothing was answered");
            }
            // What is lost here is the price of requests that come one by one, and of refusing, whatever deadlines do.
            double most = loads[0] * peak.answered();
            row(
                    name + ", no deadline, %.1f x".formatted(loads[0]),
                    load.open(mix, most, Duration.ZERO, untilFull(millis[millis.length - 1]), measured),
                    peak);
            for (int timeout : millis) {
                for (double times : loads) {
                    double offered = times * peak.answered();
                    OpenLoad.Result result =
                            load.open(mix, offered, Duration.ofMillis(timeout), untilFull(timeout), measured);
                    String full = "%s, %d ms, %.1f x".formatted(name, timeout, times);
                    row(full, result, peak);
                    goals.add(new Goal("in time: " + full, result.inTime() / peak.inTime(), .9, "of capacity", false));
                }
            }
        }
    }

    /**
     * Until as much waits as has time: before that more is let in than is answered, and counts. The slowest to fill asks for
     * about a fifth more than can be done: all at 1.2 x, the quarter of HIGH at 5 x.
     */
    private static Duration untilFull(int timeoutMillis) {
        return Duration.ofMillis(Math.max(WARM_UP.toMillis(), 5L * timeoutMillis));
    }

    /** Until server and client are compiled, and the client gets no more from it; then with what is to be refused. */
    private static void warm(OpenLoad load, OpenLoad.Mix mix, Duration timeout) {
        double before = 0;
        for (int round = 0; round < MOST_ROUNDS; round++) {
            double rate = load.closed(mix, IN_FLIGHT, Duration.ZERO, WARM_UP).answered();
            if (round >= LEAST_ROUNDS && rate < 1.03 * before) {
                break;
            }
            before = Math.max(before, rate);
        }
        load.open(mix, WARM_LOAD * before, timeout, Duration.ZERO, WARM_UP.multipliedBy(LEAST_ROUNDS));
    }

    /** Without deadlines: what a server that mostly refuses still does. */
    private void refusing(int count, Path folder, String models) throws IOException, InterruptedException {
        try (ServerProcess server = server(count, folder, models);
                OpenLoad load = new OpenLoad(server.port())) {
            OpenLoad.Mix mix = starterTexts();
            warm(load, mix, Duration.ZERO);
            OpenLoad.Result peak = load.closed(mix, IN_FLIGHT, WARM_UP, measured);
            OpenLoad.Result result = load.open(mix, 5 * peak.answered(), Duration.ZERO, WARM_UP, measured);
            String name = "starter BERT, %s, no deadline, 5 x".formatted(cores(count));
            row(name, result, peak);
            goals.add(new Goal("refusing: " + name, result.answered() / peak.answered(), .95, "of peak", false));
        }
    }

    /** A flood of LOW, and some HIGH in it. */
    private void priorities(int count, Path folder, String models) throws IOException, InterruptedException {
        try (ServerProcess server = server(count, folder, models);
                OpenLoad flood = new OpenLoad(server.port());
                OpenLoad urgent = new OpenLoad(server.port())) {
            OpenLoad.Mix low = texts(WORDS, Priority.PRIORITY_LOW);
            OpenLoad.Mix high = texts(WORDS, Priority.PRIORITY_HIGH);
            warm(flood, low, Duration.ZERO);
            OpenLoad.Result peak = flood.closed(low, IN_FLIGHT, WARM_UP, measured);
            double sum = server.metric("limbic_compute_seconds_sum");
            double batches = server.metric("limbic_compute_seconds_count");
            CompletableFuture<OpenLoad.Result> flooding = CompletableFuture.supplyAsync(
                    () -> flood.open(low, 3 * peak.answered(), Duration.ZERO, WARM_UP, measured));
            OpenLoad.Result result = urgent.open(high, .1 * peak.answered(), Duration.ZERO, WARM_UP, measured);
            OpenLoad.Result flooded = flooding.join();
            double batch = (server.metric("limbic_compute_seconds_sum") - sum)
                    / (server.metric("limbic_compute_seconds_count") - batches);
            String name = "starter BERT, " + cores(count);
            row(name + ", LOW, 3 x", flooded, peak);
            row(name + ", HIGH in it", result, peak);
            double p99 = result.latency().getValueAtPercentile(99) / 1e9;
            System.out.printf(Locale.ROOT, "  a batch %.1f ms, HIGH p99 %.1f ms%n", 1e3 * batch, 1e3 * p99);
            goals.add(new Goal("HIGH refused in a flood of LOW: " + name, result.refused(), 0, "per second", true));
            goals.add(new Goal("HIGH p99 in a flood of LOW: " + name, p99 / batch, 3, "batch times", true));
        }
    }

    private static String cores(int count) {
        return count == 1 ? "1 core" : count + " cores";
    }

    private static void head() {
        System.out.printf(
                "%-44s %8s %8s %6s %8s %8s %8s %7s %7s %6s%n",
                "", "asked/s", "in time", "of cap", "refused", "expired", "other", "p50 ms", "p99 ms", "client");
    }

    private static void row(String name, OpenLoad.Result result, OpenLoad.Result peak) {
        System.out.printf(
                Locale.ROOT,
                "%-44s %8.0f %8.0f %6.2f %8.0f %8.0f %8.0f %7.1f %7.1f %6.2f%s%n",
                name,
                result.equals(peak) ? result.answered() : result.offered(),
                result.inTime(),
                result.inTime() / peak.inTime(),
                result.refused(),
                result.expired(),
                result.failed() + result.unsent(),
                result.latency().getValueAtPercentile(50) / 1e6,
                result.latency().getValueAtPercentile(99) / 1e6,
                result.clientCores(),
                result.lag().getValueAtPercentile(99) > 5_000_000
                        ? "  client late by " + result.lag().getValueAtPercentile(99) / 1_000_000 + " ms at p99"
                        : "");
    }

    private static OpenLoad.Mix starterTexts() {
        Priority normal = Priority.PRIORITY_NORMAL;
        return texts(WORDS, Priority.PRIORITY_LOW, normal, normal, Priority.PRIORITY_HIGH);
    }

    private static OpenLoad.Mix baseTexts() {
        List<String> words = new ArrayList<>();
        for (int i = 5; i < RandomBert.VOCABULARY; i += 7) {
            words.add("word" + i);
        }
        Priority normal = Priority.PRIORITY_NORMAL;
        return texts(words, Priority.PRIORITY_LOW, normal, normal, Priority.PRIORITY_HIGH);
    }

    /** Texts of 1 to 100 words, most of them short, and of all these priorities. */
    private static OpenLoad.Mix texts(List<String> words, Priority... priorities) {
        Random random = new Random(1);
        List<byte[]> messages = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            int length = (int) Math.min(MOST_WORDS, 1 - MEAN_WORDS * Math.log(1 - random.nextDouble()));
            List<String> text = new ArrayList<>();
            for (int word = 0; word < length; word++) {
                text.add(words.get(random.nextInt(words.size())));
            }
            messages.add(AnalyzeRequest.newBuilder()
                    .setText(String.join(" ", text))
                    .setPriority(priorities[random.nextInt(priorities.length)])
                    .build()
                    .toByteArray());
        }
        return OpenLoad.Mix.of(EmotionServiceGrpc.getAnalyzeMethod(), messages, answer -> 1, 1);
    }

    /** Replies of at least 8 and at most 8 to 32 tokens; what counts is tokens, of replies that gained as many as they must. */
    private static OpenLoad.Mix replies() {
        Random random = new Random(1);
        List<byte[]> messages = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            List<String> prompt = new ArrayList<>();
            for (int word = random.nextInt(2, 40); word > 0; word--) {
                prompt.add(WORDS.get(random.nextInt(WORDS.size())));
            }
            messages.add(GenerateRequest.newBuilder()
                    .setPrompt(String.join(" ", prompt))
                    .setSampling(Sampling.newBuilder()
                            .setMinNewTokens(LEAST_TOKENS)
                            .setMaxNewTokens(random.nextInt(LEAST_TOKENS, MOST_TOKENS + 1))
                            .setSeed(i))
                    .build()
                    .toByteArray());
        }
        return OpenLoad.Mix.of(DialogueServiceGrpc.getGenerateMethod(), messages, OverloadBench::tokens, LEAST_TOKENS);
    }

    private static int tokens(byte[] event) {
        try {
            return GenerateResponse.parseFrom(event).hasToken() ? 1 : 0;
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }
}
