package dev.limbic.bench;

import dev.limbic.model.Kinds;
import dev.limbic.model.ModelRegistry.Typed;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.runtime.Host;
import dev.limbic.server.runtime.LimbicServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * Measures the service around a model: overhead of one client, throughput of 64 streams against one, and the memory
 * of idle streams. Server and client share this process, so memory counts both ends.
 */
public final class WireBench {
    private static final int STREAMS = 64;
    private static final int IDLE = 1000;

    private WireBench() {}

    /** Runs against a server that is already up; prints figures and goals. */
    public static List<Goal> run(int port, String model, Duration warmUp, Duration duration)
            throws InterruptedException, IOException {
        try (Load load = new Load("127.0.0.1", port, model)) {
            Load.Result unary = load.unary(warmUp, duration);
            print("unary, 1 client", unary);
            Load.Result one = load.streams(1, warmUp, duration);
            print("1 stream", one);
            Load.Result many = load.streams(STREAMS, warmUp, duration);
            print(STREAMS + " streams", many);
            double megabytes = idleMegabytes(load);
            return List.of(
                    new Goal("wire-overhead-p50", one.overheadMicros(50), 300, "µs", true),
                    new Goal("wire-overhead-unary-p50", unary.overheadMicros(50), 300, "µs", true),
                    new Goal("streams-64-vs-1", many.perSecond() / one.perSecond(), 3, "times", false),
                    new Goal("idle-streams-1000", megabytes, 100, "MB", true));
        }
    }

    private static void print(String name, Load.Result result) {
        System.out.printf(
                Locale.ROOT,
                "%-18s %9.0f/s   overhead p50 %6.0f µs, p99 %7.0f µs   round trip p50 %6.0f µs, p99 %7.0f µs%n",
                name,
                result.perSecond(),
                result.overheadMicros(50),
                result.overheadMicros(99),
                result.roundTrip().getValueAtPercentile(50) / 1e3,
                result.roundTrip().getValueAtPercentile(99) / 1e3);
    }

    /** Growth of the heap after collection plus growth of the rest of the resident set, in megabytes. */
    private static double idleMegabytes(Load load) throws InterruptedException, IOException {
        double heapBefore = heap();
        double residentBefore = resident();
        AutoCloseable idle = load.idleStreams(IDLE);
        double heap = heap() - heapBefore;
        double resident = resident() - residentBefore;
        System.out.printf(Locale.ROOT, "%d idle streams: heap %+.1f MB, resident set %+.1f MB%n", IDLE, heap, resident);
        try {
            idle.close();
        } catch (Exception e) {
            throw new IOException(e);
        }
        return Math.max(heap, resident);
    }

    private static double heap() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(100);
        }
        Runtime runtime = Runtime.getRuntime();
        return (runtime.totalMemory() - runtime.freeMemory()) / 1e6;
    }

    /** Resident set of this process; 0 where the system does not tell. */
    private static double resident() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024 / 1e6)
                .sum();
    }

    /** Measures the service alone, around a model that does nothing. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int seconds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 5;
        int computeMicros = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0;
        IdleModel model = new IdleModel("idle", computeMicros);
        ServerConfig config = IdleModel.config("idle");
        try (LimbicServer server =
                LimbicServer.start(config, List.of(Host.of(List.of(new Typed<>(Kinds.TEXT, model)))))) {
            Duration duration = Duration.ofSeconds(seconds);
            run(server.grpcPort(), "", duration, duration).forEach(System.out::println);
        }
    }
}
