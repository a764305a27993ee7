package dev.limbic.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.limbic.server.FakeLanguageModel;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.TestConfig;
import dev.limbic.server.config.ServerConfig;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/**
 * Dialogues that begin, are interrupted, taken back, cut off and run out of time, all at once and at random, on a whole
 * server: clients hear what dialogue.proto promises, and nothing is left behind. {@code -Dlimbic.storm=30m} rages longer.
 */
@Timeout(value = 2, unit = TimeUnit.HOURS)
class DialogueStormTest {
    private static final Duration LENGTH = Duration.parse("PT" + System.getProperty("limbic.storm", "8s"));
    private static final Path STARTER = Path.of("../models/starter");

    /** Threads that stay for the life of a JVM once something was used, and gRPC's pool of clients. */
    private static final List<String> OF_OTHERS = List.of(
            "Cleaner", "JavaCPP Deallocator", "process reaper", "HttpClient", "grpc-default-executor", "junit-");

    private static final java.util.logging.Logger JUL = java.util.logging.Logger.getLogger("");
    private static final java.util.logging.Logger GRPC = java.util.logging.Logger.getLogger("io.grpc.netty.shaded.io");

    private final long seed = System.nanoTime();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final List<LogRecord> defects = new CopyOnWriteArrayList<>();
    private final Handler ear = new Handler() {
        @Override
        public void publish(LogRecord event) {
            if (event.getLevel().intValue() >= Level.SEVERE.intValue()) {
                defects.add(event);
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };
    private Set<String> threadsBefore = Set.of();

    @BeforeEach
    void look() {
        threadsBefore = threads();
        JUL.addHandler(ear);
        // As in a server's log: what gRPC says of clients that are wrong or gone is their affair.
        GRPC.setLevel(Level.SEVERE);
        log.start();
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).addAppender(log);
    }

    @AfterEach
    void looked() {
        JUL.removeHandler(ear);
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).detachAppender(log);
    }

    @Test
    void nothingIsLeftBehind() throws Exception {
        FakeTextModel ear = new FakeTextModel("fake");
        FakeLanguageModel brief = new FakeLanguageModel("brief", 20);
        FakeLanguageModel endless = new FakeLanguageModel("endless", 12);
        endless.neverEnd();
        endless.whileComputing(step -> LockSupport.parkNanos(500_000));
        ear.keepNothing();
        List.of(brief, endless).forEach(FakeLanguageModel::keepNothing);
        ServerConfig config = TestConfig.of(List.of("fake"), List.of("brief", "endless"));
        rage(
                LimbicServer.start(config, List.of(Host.of(List.of(ear.typed(), brief.typed(), endless.typed())))),
                List.of("", "brief", "endless"),
                LENGTH,
                true,
                Set.of(
                        "preempted",
                        "generate OK",
                        "generate CANCELLED",
                        "generate DEADLINE_EXCEEDED",
                        "generate INVALID_ARGUMENT",
                        "interact OK",
                        "interact CANCELLED",
                        "interact DEADLINE_EXCEEDED",
                        "FINISH_REASON_STOP",
                        "FINISH_REASON_STOP_STRING",
                        "FINISH_REASON_LENGTH",
                        "FINISH_REASON_INTERRUPTED",
                        "FINISH_REASON_DEADLINE"));
    }

    @Test
    void norByTheModelThatComesWithUs() throws Exception {
        Assumptions.assumeTrue(Files.isDirectory(STARTER.resolve("dialogue-gpt")), "no starter language model");
        ServerConfig names = TestConfig.of(List.of("emotion-lstm"), List.of("dialogue-gpt"));
        // A cache so small that replies give way to one another.
        List<Host> hosts = new Engine(names.cuda(), step -> {})
                .load(names.models().stream()
                        .map(each -> new ServerConfig.ModelConfig(
                                each.name(),
                                STARTER.resolve(each.name()),
                                each.device(),
                                ServerConfig.PrecisionChoice.AUTO,
                                4 << 20,
                                true))
                        .toList());
        rage(
                LimbicServer.start(names, hosts),
                List.of(""),
                LENGTH.dividedBy(2),
                false,
                Set.of("generate OK", "interact OK", "generate CANCELLED"));
    }

    /**
     * In two halves, with a look at what is left after each.
     *
     * @param least what must happen: on a machine that is busy with other things the first half goes on until it has
     */
    private void rage(LimbicServer server, List<String> languages, Duration length, boolean alphabet, Set<String> least)
            throws Exception {
        Storm storm = new Storm(server.grpcPort(), languages, alphabet);
        try {
            storm.rage(seed, length.dividedBy(2));
            for (int more = 1; more < 20 && !storm.seen().keySet().containsAll(least); more++) {
                storm.rage(seed + more, Duration.ofSeconds(2));
            }
            assertThat(storm.seen()).as("the storm was one").containsKeys(least.toArray(String[]::new));
            awaitQuiet(server);
            long heap = usedHeap();
            double resident = residentMegabytes();
            storm.rage(seed + 1000, length.dividedBy(2));
            awaitQuiet(server);
            System.out.printf(
                    Locale.ROOT,
                    "storm of %s: heap %.1f and %.1f MB, resident %.0f and %.0f MB%n  %s%n",
                    length,
                    heap / 1e6,
                    usedHeap() / 1e6,
                    resident,
                    residentMegabytes(),
                    storm.seen());
            assertThat(usedHeap()).as("heap after the storm").isLessThan(heap + heap / 5 + 2_000_000);
            assertThat(residentMegabytes()).as("resident set after the storm").isLessThan(resident * 1.2 + 50);
            assertThat(server.stop(Duration.ofSeconds(20)))
                    .as("no call is open and no work left")
                    .isTrue();
        } finally {
            server.close();
        }
        awaitThreads();
        assertThat(log.list)
                .as("log")
                .noneMatch(event -> event.getLoggerName().startsWith("dev.limbic")
                        && event.getLevel().isGreaterOrEqual(ch.qos.logback.classic.Level.WARN));
        assertThat(defects).as("what gRPC caught").isEmpty();
    }

    private static void awaitQuiet(LimbicServer server) throws Exception {
        Pattern gauges = Pattern.compile(
                "(?m)^limbic_(cache_blocks_used|sequences|queue_depth|streams_open|inputs_waiting)\\S* (?!0\\.0$).*$");
        String metrics = "";
        for (int i = 0; i < 400; i++) {
            metrics = metrics(server);
            if (!gauges.matcher(metrics).find()) {
                assertThat(metrics).contains("limbic_cache_blocks_used").contains("limbic_streams_open");
                return;
            }
            Thread.sleep(25);
        }
        Matcher left = gauges.matcher(metrics);
        throw new AssertionError("left after the storm: "
                + left.results().map(result -> result.group()).toList());
    }

    private static String metrics(LimbicServer server) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + server.httpPort() + "/metrics");
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    private static long usedHeap() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(50);
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static double residentMegabytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        return !Files.exists(status)
                ? 0
                : Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024 / 1e6)
                        .sum();
    }

    private static Set<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** gRPC's own threads go some seconds after their last use. */
    private void awaitThreads() throws InterruptedException {
        Set<String> more = Set.of();
        for (int i = 0; i < 400; i++) {
            more = threads();
            more.removeAll(threadsBefore);
            more.removeIf(name -> OF_OTHERS.stream().anyMatch(name::contains));
            if (more.isEmpty()) {
                return;
            }
            Thread.sleep(50);
        }
        assertThat(more).as("threads that are left").isEmpty();
    }
}
