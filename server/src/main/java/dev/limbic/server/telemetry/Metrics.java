package dev.limbic.server.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Everything that is counted, in the format Prometheus scrapes. Names follow Prometheus' conventions: a {@code limbic_}
 * prefix, base units, {@code _total} for counters. Histograms have fixed buckets, so that servers can be added up.
 * Thread-safe; recording does not block.
 */
public final class Metrics implements AutoCloseable {
    private static final Duration[] LATENCIES = {
        Duration.ofNanos(50_000),
        Duration.ofNanos(100_000),
        Duration.ofNanos(250_000),
        Duration.ofNanos(500_000),
        Duration.ofMillis(1),
        Duration.ofNanos(2_500_000),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5)
    };
    private static final double[] ROWS = {1, 2, 4, 8, 16, 32, 64, 128, 256};
    private static final double[] TOKENS = {8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192};

    private record Answers(String method, String model, String status) {}

    private record ClientCounter(String name, String client, String reason) {}

    /** What is recorded per model and batch. */
    private record PerModel(
            Timer queue, Timer compute, DistributionSummary rows, DistributionSummary cost, Counter failed) {}

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics gc = new JvmGcMetrics();
    private final Map<Answers, Counter> answers = new ConcurrentHashMap<>();
    private final Map<Answers, Timer> durations = new ConcurrentHashMap<>();
    private final Map<String, PerModel> models = new ConcurrentHashMap<>();
    private final Map<ClientCounter, Counter> clientCounters = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> clientStreams = new ConcurrentHashMap<>();
    private final Map<String, Counter> framesDropped = new ConcurrentHashMap<>();
    private final Counter frames;
    private final AtomicInteger openStreams = new AtomicInteger();

    public Metrics() {
        frames = Counter.builder("limbic.frames")
                .description("Frames of streams that came, those that nobody looked at included")
                .register(registry);
        Gauge.builder("limbic.streams.open", openStreams, AtomicInteger::get)
                .description("AnalyzeStream calls that are open")
                .register(registry);
        new JvmMemoryMetrics().bindTo(registry);
        gc.bindTo(registry);
        new UptimeMetrics().bindTo(registry);
    }

    /** A request was answered; a status other than OK is a failure. */
    public void answered(String method, String model, String status, long nanos) {
        answers.computeIfAbsent(
                        new Answers(method, model, status),
                        key -> Counter.builder("limbic.requests")
                                .description("Requests answered, by gRPC status")
                                .tags("method", key.method(), "model", key.model(), "status", key.status())
                                .register(registry))
                .increment();
        durations
                .computeIfAbsent(
                        new Answers(method, model, ""),
                        key -> Timer.builder("limbic.request")
                                .description("Time from the decoded request to its answer")
                                .tags("method", key.method(), "model", key.model())
                                .serviceLevelObjectives(LATENCIES)
                                .register(registry))
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    /** A batch went through the device. */
    public void batchRan(String model, int rows, int cost, long computeNanos) {
        PerModel meters = of(model);
        meters.compute().record(computeNanos, TimeUnit.NANOSECONDS);
        meters.rows().record(rows);
        meters.cost().record(cost);
    }

    /** A request left the queue. */
    public void waited(String model, long queueNanos) {
        of(model).queue().record(queueNanos, TimeUnit.NANOSECONDS);
    }

    /** A batch failed. */
    public void batchFailed(String model) {
        of(model).failed().increment();
    }

    /** A device was lost. */
    public void deviceLost(String device) {
        Counter.builder("limbic.devices.lost")
                .description("Failures after which a device answered nothing any more")
                .tags("device", device)
                .register(registry)
                .increment();
    }

    /** A request was dropped before the device was used; the reason is such as {@code expired}. */
    public void dropped(String model, String reason) {
        Counter.builder("limbic.dropped")
                .description("Requests dropped before the device was used")
                .tags("model", model, "reason", reason)
                .register(registry)
                .increment();
    }

    /** Reports how many requests wait for a model. */
    public void queueDepth(String model, IntSupplier depth) {
        Gauge.builder("limbic.queue.depth", depth, IntSupplier::getAsInt)
                .description("Requests that wait for the device")
                .tags("model", model)
                .strongReference(true)
                .register(registry);
        of(model);
    }

    /** A reply ended; the reason is such as {@code stop}. */
    public void replied(String model, String reason, int tokens, long firstTokenNanos, long totalNanos) {
        Counter.builder("limbic.replies")
                .description("Replies, by the reason for which they ended")
                .tags("model", model, "reason", reason)
                .register(registry)
                .increment();
        Counter.builder("limbic.tokens.generated")
                .description("Tokens of replies")
                .tags("model", model)
                .register(registry)
                .increment(tokens);
        if (firstTokenNanos > 0) {
            replyTimer("limbic.reply.first.token", "Time from the request to the first token of its reply", model)
                    .record(firstTokenNanos, TimeUnit.NANOSECONDS);
        }
        replyTimer("limbic.reply", "Time from the request to the end of its reply", model)
                .record(totalNanos, TimeUnit.NANOSECONDS);
    }

    private Timer replyTimer(String name, String description, String model) {
        return Timer.builder(name)
                .description(description)
                .tags("model", model)
                .serviceLevelObjectives(LATENCIES)
                .register(registry);
    }

    /** A frame of a stream came, whatever becomes of it. */
    public void frameCame() {
        frames.increment();
    }

    /** Nobody looks at a frame of a stream; the reason is such as {@code overtaken}. */
    public void frameDropped(String reason) {
        framesDropped
                .computeIfAbsent(
                        reason,
                        key -> Counter.builder("limbic.frames.dropped")
                                .description("Frames of streams that nobody looked at")
                                .tags("reason", key)
                                .register(registry))
                .increment();
    }

    /** Reports how a language model's cache of keys and values is used. */
    public void generation(String model, IntSupplier sequences, IntSupplier blocksInUse, int blocks) {
        gauge("limbic.sequences", "Replies that hold blocks of the cache", model, sequences);
        gauge("limbic.cache.blocks.used", "Blocks of the cache that replies hold", model, blocksInUse);
        gauge("limbic.cache.blocks", "Blocks of the cache", model, () -> blocks);
    }

    private void gauge(String name, String description, String model, IntSupplier value) {
        Gauge.builder(name, value, IntSupplier::getAsInt)
                .description(description)
                .tags("model", model)
                .strongReference(true)
                .register(registry);
    }

    /** Reports how many long texts wait for a worker. */
    public void inputsWaiting(IntSupplier waiting) {
        Gauge.builder("limbic.inputs.waiting", waiting, IntSupplier::getAsInt)
                .description("Long texts that wait for a worker to tokenise them")
                .strongReference(true)
                .register(registry);
    }

    /** A call, or a message of a stream, was refused; the client is empty if it is not known. */
    public void refused(String client, String reason) {
        counter("limbic.refused", "Calls and messages refused for who made them, or how many", client, reason)
                .increment();
    }

    /** A call, or a message of a stream, of a known client was let in. */
    public void clientRequest(String client) {
        counter("limbic.client.requests", "Calls and messages of streams let in", client, "")
                .increment();
    }

    /** A known client used tokens of text. */
    public void clientCost(String client, int tokens) {
        counter("limbic.client.cost", "Tokens of text read and written", client, "")
                .increment(tokens);
    }

    /** A known client's streams became more or fewer. */
    public void clientStreams(String client, int change) {
        clientStreams
                .computeIfAbsent(client, name -> {
                    AtomicInteger open = new AtomicInteger();
                    Gauge.builder("limbic.client.streams.open", open, AtomicInteger::get)
                            .description("Open streams")
                            .tags("client", name)
                            .register(registry);
                    return open;
                })
                .addAndGet(change);
    }

    /** @param reason empty for a counter without */
    private Counter counter(String name, String description, String client, String reason) {
        return clientCounters.computeIfAbsent(new ClientCounter(name, client, reason), key -> {
            Counter.Builder builder =
                    Counter.builder(name).description(description).tags("client", client);
            return (reason.isEmpty() ? builder : builder.tags("reason", reason)).register(registry);
        });
    }

    /** Reports when the server's certificate expires, in seconds since 1970. */
    public void certificateExpires(LongSupplier epochSeconds) {
        Gauge.builder("limbic.tls.certificate.expiry.timestamp", epochSeconds, LongSupplier::getAsLong)
                .description("When the server's certificate expires, since 1970")
                .baseUnit("seconds")
                .strongReference(true)
                .register(registry);
    }

    /** Reports how many calls are open and what they hold together. */
    public void calls(IntSupplier open, LongSupplier bytes, long maxBytes) {
        Gauge.builder("limbic.calls.open", open, IntSupplier::getAsInt)
                .description("Calls that are open, streams included")
                .strongReference(true)
                .register(registry);
        Gauge.builder("limbic.in.flight.bytes", bytes, LongSupplier::getAsLong)
                .description("What all calls hold: messages, what waits to be sent, what conversations remember")
                .strongReference(true)
                .register(registry);
        Gauge.builder("limbic.in.flight.max.bytes", () -> maxBytes)
                .description("Most that all calls may hold")
                .strongReference(true)
                .register(registry);
    }

    /** A stream was opened. */
    public void streamOpened() {
        openStreams.incrementAndGet();
    }

    /** A stream ended. */
    public void streamClosed() {
        openStreams.decrementAndGet();
    }

    /** Everything, in Prometheus' text format. */
    public String scrape() {
        return registry.scrape();
    }

    private PerModel of(String model) {
        PerModel known = models.get(model);
        return known != null ? known : models.computeIfAbsent(model, this::register);
    }

    private PerModel register(String model) {
        return new PerModel(
                Timer.builder("limbic.queue")
                        .description("Time a request waited for the device")
                        .tags("model", model)
                        .serviceLevelObjectives(LATENCIES)
                        .register(registry),
                Timer.builder("limbic.compute")
                        .description("Time the device spent on a batch")
                        .tags("model", model)
                        .serviceLevelObjectives(LATENCIES)
                        .register(registry),
                DistributionSummary.builder("limbic.batch.rows")
                        .description("Requests in a batch")
                        .tags("model", model)
                        .serviceLevelObjectives(ROWS)
                        .register(registry),
                DistributionSummary.builder("limbic.batch.cost")
                        .description("Cost of a batch, in tokens for text")
                        .tags("model", model)
                        .serviceLevelObjectives(TOKENS)
                        .register(registry),
                Counter.builder("limbic.batches.failed")
                        .description("Batches that failed on the device")
                        .tags("model", model)
                        .register(registry));
    }

    @Override
    public void close() {
        gc.close();
        registry.close();
    }
}
