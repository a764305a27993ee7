package dev.limbic.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The whole service with its starter LSTM over loopback: start-up, overhead of one client, throughput of many streams,
 * memory of idle ones. The server runs in its own process; this one is the client.
 */
final class ServiceBench {
    private static final String MODEL = "emotion-lstm";
    private static final int STREAMS = 64;
    private static final int IDLE = 1000;
    private static final int STARTS = 3;
    private static final Duration WARM_UP = Duration.ofSeconds(8);
    private static final Duration MEASURED = Duration.ofSeconds(8);

    private ServiceBench() {}

    static List<Goal> run() throws IOException, InterruptedException {
        List<Goal> goals = new ArrayList<>();
        double quickest = Double.MAX_VALUE;
        for (int i = 0; i < STARTS; i++) {
            try (ServerProcess server = new ServerProcess()) {
                quickest = Math.min(quickest, server.startSeconds());
                System.out.printf(Locale.ROOT, "start-up to SERVING: %.2f s%n", server.startSeconds());
            }
        }
        goals.add(new Goal("start-up", quickest, 2.5, "s", true));
        try (ServerProcess server = new ServerProcess();
                Load load = new Load("127.0.0.1", server.port(), MODEL)) {
            Load.Result one = measured("1 stream", load.streams(1, WARM_UP, MEASURED));
            Load.Result many = measured(STREAMS + " streams", load.streams(STREAMS, WARM_UP, MEASURED));
            Load.Result unary = measured("unary, 1 client", load.unary(WARM_UP, MEASURED));
            measured("unary, blocking", load.blocking(WARM_UP, MEASURED));
            measured("health, blocking", load.blockingHealth(WARM_UP, MEASURED));
            goals.add(new Goal("overhead-stream-p50", one.overheadMicros(50), 300, "us", true));
            goals.add(new Goal("overhead-unary-p50", unary.overheadMicros(50), 300, "us", true));
            goals.add(new Goal("streams-64-vs-1", many.perSecond() / one.perSecond(), 3, "times", false));
            double before = server.residentMegabytes();
            AutoCloseable idle = load.idleStreams(IDLE);
            double grown = server.residentMegabytes() - before;
            System.out.printf(Locale.ROOT, "%d idle streams: resident set of the server %+.1f MB%n", IDLE, grown);
            goals.add(new Goal("idle-streams-1000", grown, 100, "MB", true));
            close(idle);
        }
        return goals;
    }

    private static void close(AutoCloseable idle) throws IOException {
        try {
            idle.close();
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private static Load.Result measured(String name, Load.Result result) {
        System.out.printf(
                Locale.ROOT,
                "%-18s %8.0f/s   wire to wire minus compute p50 %6.0f us, p99 %7.0f us   round trip p50 %6.0f us%n",
                name,
                result.perSecond(),
                result.overheadMicros(50),
                result.overheadMicros(99),
                result.roundTrip().getValueAtPercentile(50) / 1e3);
        return result;
    }
}
