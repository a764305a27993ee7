package dev.limbic.bench;

import dev.limbic.generate.NextToken;
import dev.limbic.generate.SamplingSettings;
import dev.limbic.generate.Step;
import dev.limbic.model.Decoder;
import dev.limbic.model.Kinds;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.v1.Priority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.HdrHistogram.Histogram;

/**
 * Dialogue through a whole server with a language model of GPT-2 small's shape and the starter LSTM: what streams that
 * decode cost those who come to them, and what the service costs the decoder. The bare decoder of the same weights runs
 * in this process, turn by turn with the server: what others do on the machine hits both.
 */
final class DialogueBench {
    private static final int STREAMS = 8;
    private static final int PROMPT = 32;

    /** {@code generation.chunk-tokens} at its default. */
    private static final int CHUNK = 128;

    /** As the decode bench has it. */
    private static final int CONTEXT = 64;

    private static final int ROUNDS = 3;
    private static final int REQUESTS = 12;
    private static final int WARM_UP = 200;
    private static final Duration SETTLE = Duration.ofMillis(200);

    /** A server's compiler is busy for about so long once replies come, with all that a single token touches. */
    private static final Duration WARM_UP_SERVED = Duration.ofSeconds(30);

    private static final Duration MEASURED = Duration.ofSeconds(3);

    private final int threads;
    private final Random random = new Random(1);
    private final List<Double> chunk = new ArrayList<>();
    private final List<Double> bareOne = new ArrayList<>();
    private final List<Double> bareMany = new ArrayList<>();
    private final List<Double> one = new ArrayList<>();
    private final List<Double> many = new ArrayList<>();
    private final List<Double> bareAlike = new ArrayList<>();
    private final List<Double> shares = new ArrayList<>();
    private final List<Double> contexts = new ArrayList<>();
    private final List<Double> serverCores = new ArrayList<>();
    private final List<Double> clientCores = new ArrayList<>();
    private final List<Double> idleFirst = new ArrayList<>();
    private final List<Double> loadedFirst = new ArrayList<>();
    private final Histogram step = new Histogram(3);
    private final Histogram stepsWaited = new Histogram(3);
    private final Histogram queued = new Histogram(3);
    private final Histogram normal = new Histogram(3);
    private final Histogram high = new Histogram(3);

    DialogueBench(int threads) {
        this.threads = threads;
    }

    /** Runs everything, prints a table and returns the goals. */
    List<Goal> run() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("limbic-dialogue");
        try {
            Path model = folder.resolve("gpt2");
            RandomGpt2.write(model);
            RandomGpt2.writeTokenizer(model);
            Path config = folder.resolve("limbic.yaml");
            Files.writeString(config, """
                    models-directory: %s
                    models:
                      - {name: emotion-lstm, path: starter/emotion-lstm}
                      - {name: gpt2, path: "%s", cache: 512MiB}
                    """.formatted(models(), model.toAbsolutePath()));
            try (ServerProcess server = new ServerProcess("--config", config.toString());
                    DialogueLoad load = new DialogueLoad(server.port());
                    Device device = new CpuDevice(threads);
                    Decoder decoder = Kinds.LANGUAGE.decoder(
                            model, device, precision(device), DecodeBench.BLOCK_TOKENS, 512L << 20)) {
                System.out.println("GPT-2 small shape in a server, " + precision(device) + ", " + device.description());
                warmUp(decoder, load);
                for (int round = 0; round < ROUNDS; round++) {
                    bare(decoder);
                    served(load, server, decoder);
                }
            }
        } finally {
            DecodeBench.deleteTree(folder);
        }
        return report();
    }

    /** Where the starter models lie. */
    static Path models() {
        String home = System.getenv("LIMBIC_HOME");
        return Path.of(home == null ? "" : home).toAbsolutePath().resolve("models");
    }

    /** What the server's {@code auto} means. */
    private static Precision precision(Device device) {
        if (device.supports(Precision.INT8)) {
            return Precision.INT8;
        }
        return device.supports(Precision.BF16) ? Precision.BF16 : Precision.F32;
    }

    private void warmUp(Decoder decoder, DialogueLoad load) throws InterruptedException {
        Step[] steps = steps();
        for (int i = 0; i < WARM_UP; i++) {
            decoder.run(steps[i % 2]);
        }
        for (int i = 0; i < 5; i++) {
            decoder.run(steps[2]);
        }
        try (DialogueLoad.Streams streams = load.open(STREAMS)) {
            streams.rate(WARM_UP_SERVED);
            load.analyze(Priority.PRIORITY_NORMAL, MEASURED, streams);
            load.firstToken(PROMPT);
        }
    }

    private Step[] steps() {
        return new Step[] {
            DecodeBench.step(random, 1, CONTEXT, 1),
            DecodeBench.step(random, STREAMS, CONTEXT, 1),
            DecodeBench.step(random, 1, 0, CHUNK)
        };
    }

    private void bare(Decoder decoder) {
        Step[] steps = steps();
        for (int i = 0; i < 40; i++) {
            bareOne.add(DecodeBench.seconds(decoder, steps[0]));
        }
        for (int i = 0; i < 40; i++) {
            bareMany.add(DecodeBench.seconds(decoder, steps[1]));
        }
        for (int i = 0; i < 8; i++) {
            chunk.add(DecodeBench.seconds(decoder, steps[2]));
        }
    }

    private void served(DialogueLoad load, ServerProcess server, Decoder decoder) throws InterruptedException {
        for (int i = 0; i < REQUESTS; i++) {
            idleFirst.add(load.firstToken(PROMPT) / 1e9);
        }
        try (DialogueLoad.Streams single = load.open(1)) {
            one.add(single.rate(MEASURED));
        }
        for (int i = 0; i < 2; i++) {
            compare(load, server, decoder);
        }
        try (DialogueLoad.Streams streams = load.open(STREAMS)) {
            for (int i = 0; i < REQUESTS; i++) {
                loadedFirst.add(load.firstToken(PROMPT) / 1e9);
                Thread.sleep(random.nextInt(40)); // no beat with the steps
            }
            streams.steps(); // those with prompts among them are over
            for (Priority priority : List.of(Priority.PRIORITY_NORMAL, Priority.PRIORITY_HIGH)) {
                DialogueLoad.Answers answers = load.analyze(priority, MEASURED, streams);
                (priority == Priority.PRIORITY_HIGH ? high : normal).add(answers.roundTrip());
                queued.add(answers.queued());
                stepsWaited.add(answers.steps());
            }
            step.add(streams.steps());
        }
    }

    /** Streams, and the bare decoder at the same work: as many tokens before each new one, drawn the same way. */
    private void compare(DialogueLoad load, ServerProcess server, Decoder decoder) throws InterruptedException {
        double context;
        try (DialogueLoad.Streams streams = load.open(STREAMS)) {
            double before = streams.context();
            Duration serverBefore = server.cpu();
            Duration clientBefore = ServerProcess.cpu(ProcessHandle.current());
            many.add(streams.rate(MEASURED));
            serverCores.add(cores(server.cpu().minus(serverBefore)));
            clientCores.add(cores(ServerProcess.cpu(ProcessHandle.current()).minus(clientBefore)));
            context = (before + streams.context()) / 2;
        }
        contexts.add(context);
        Thread.sleep(SETTLE); // the server is done with what was cancelled
        Step greedy = DecodeBench.step(random, STREAMS, (int) context, 1);
        Step step = new Step(
                greedy.ids(),
                greedy.positions(),
                greedy.slots(),
                greedy.bounds(),
                greedy.contexts(),
                greedy.tables(),
                greedy.logitRows(),
                Collections.nCopies(STREAMS, drawn()),
                greedy.decoding());
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            seconds.add(DecodeBench.seconds(decoder, step));
        }
        bareAlike.add(median(seconds));
        shares.add(median(seconds) * many.getLast() / STREAMS);
    }

    /** As a server draws where neither the model's makers nor the client say anything. */
    private NextToken drawn() {
        SamplingSettings sampling = new SamplingSettings(
                1,
                SamplingSettings.Truncation.NONE,
                SamplingSettings.Penalties.NONE,
                Map.of(),
                List.of(),
                SamplingSettings.Ending.after(1),
                1,
                0);
        return new NextToken(sampling, random.nextDouble(), NextToken.Changes.NONE);
    }

    private static double cores(Duration cpu) {
        return (double) cpu.toNanos() / MEASURED.toNanos();
    }

    private List<Goal> report() {
        double alone = STREAMS / median(many);
        row("bare step, 1 row", median(bareOne) * 1e3, "ms", 1 / median(bareOne), "tokens/s");
        row("bare step, 8 rows", median(bareMany) * 1e3, "ms", STREAMS / median(bareMany), "tokens/s");
        row("bare chunk of " + CHUNK, median(chunk) * 1e3, "ms", CHUNK / median(chunk), "tokens/s");
        row("served, 1 stream", 1e3 / median(one), "ms", median(one), "tokens/s");
        row("served, 8 streams", alone * 1e3, "ms", median(many), "tokens/s");
        row("bare step at their contexts", median(bareAlike) * 1e3, "ms", median(contexts), "tokens each");
        row("cores: server, clients", median(serverCores), "", median(clientCores), "");
        row("first token, idle", median(idleFirst) * 1e3, "ms", percentile(idleFirst, 95) * 1e3, "ms p95");
        row("first token, 8 streams", median(loadedFirst) * 1e3, "ms", percentile(loadedFirst, 95) * 1e3, "ms p95");
        row("step while Analyze is called", millis(step, 50), "ms", millis(step, 99), "ms p99");
        row("Analyze queued for", millis(queued, 50), "ms", millis(queued, 99), "ms p99");
        row("Analyze NORMAL, 8 streams", millis(normal, 50), "ms", millis(normal, 99), "ms p99");
        row("Analyze HIGH, 8 streams", millis(high, 50), "ms", millis(high, 99), "ms p99");
        double twoSteps = 2 * step.getMean() / 1e6;
        double wanted = (2 * median(idleFirst) + median(chunk)) * 1e3;
        return List.of(
                new Goal("steps of 8 streams", median(shares), 0.85, "of bare steps", false),
                new Goal("first token under load", median(loadedFirst) * 1e3, wanted, "ms", true),
                new Goal("classification under load p99 NORMAL", millis(normal, 99), twoSteps, "ms", true),
                new Goal("classification under load p99 HIGH", millis(high, 99), twoSteps, "ms", true),
                new Goal("classification under load p99", stepsWaited.getValueAtPercentile(99), 2, "steps", true));
    }

    private static void row(String what, double value, String unit, double other, String otherUnit) {
        System.out.printf(Locale.ROOT, "%-28s %9.2f %-10s %9.2f %s%n", what, value, unit, other, otherUnit);
    }

    private static double millis(Histogram nanos, double percentile) {
        return nanos.getValueAtPercentile(percentile) / 1e6;
    }

    private static double median(List<Double> values) {
        return percentile(values, 50);
    }

    private static double percentile(List<Double> values, int percent) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
    }
}
