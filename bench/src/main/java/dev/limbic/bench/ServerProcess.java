package dev.limbic.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code limbic serve} in a process of its own, on free ports. */
final class ServerProcess implements AutoCloseable {
    private static final Pattern PORT = Pattern.compile("gRPC\\s+\\S+:(\\d+)");

    private static final Pattern HTTP_PORT = Pattern.compile("metrics\\s+http://\\S+:(\\d+)/");

    private final Process process;
    private final int port;
    private final int httpPort;
    private final double startSeconds;

    /** Starts the server and waits until it says that it serves. */
    ServerProcess(String... flags) throws IOException {
        this(List.of(), flags);
    }

    /** The same behind another command, such as one that gives it some of the processors. */
    ServerProcess(List<String> before, String... flags) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(launcher());
        command.addAll(List.of("serve", "--port", "0", "--http-port", "0"));
        command.addAll(List.of(flags));
        long start = System.nanoTime();
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        int found = 0;
        int foundHttp = 0;
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = out.readLine();
        while (line != null && !line.contains("SERVING after")) {
            Matcher matcher = PORT.matcher(line);
            if (matcher.find()) {
                found = Integer.parseInt(matcher.group(1));
            }
            Matcher http = HTTP_PORT.matcher(line);
            if (http.find()) {
                foundHttp = Integer.parseInt(http.group(1));
            }
            line = out.readLine();
        }
        if (line == null || found == 0) {
            process.destroy();
            throw new IOException("the server did not start; run 'limbic serve' to see why");
        }
        startSeconds = (System.nanoTime() - start) / 1e9;
        port = found;
        httpPort = foundHttp;
    }

    /** The launcher, as users start it, with its start-up cache; or this process's own Java when there is none. */
    private static List<String> launcher() {
        String launcher = System.getProperty("limbic.launcher");
        if (launcher != null) {
            return List.of(launcher);
        }
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.limbic.server.Main"));
        return command;
    }

    int port() {
        return port;
    }

    /** Sum over all labels of one of the server's metrics. */
    double metric(String name) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + httpPort + "/metrics");
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body()
                    .lines()
                    .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        }
    }

    /** From the start of the process to SERVING, as the parent sees it. */
    double startSeconds() {
        return startSeconds;
    }

    /** Processor time of the server since its start. */
    Duration cpu() {
        return cpu(process.toHandle());
    }

    /** Processor time of a process; zero where the system does not tell. */
    static Duration cpu(ProcessHandle process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Resident set of the server in megabytes; NaN where the system does not tell. */
    double residentMegabytes() throws IOException {
        Path status = Path.of("/proc/" + process.pid() + "/status");
        if (!Files.exists(status)) {
            return Double.NaN;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024 / 1e6)
                .sum();
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(15, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException("the server did not stop within its grace");
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
