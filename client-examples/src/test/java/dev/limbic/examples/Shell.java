package dev.limbic.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Runs the commands of a README as somebody would who types them. Thread-safe. */
record Shell(Path folder, List<Path> programs) {
    /** What a command printed, errors included, and its exit code. */
    record Ended(int status, String printed) {}

    /** Whether there is a program of this name. */
    boolean has(String program) throws IOException, InterruptedException {
        return run("command -v " + program).status() == 0;
    }

    /** Runs a command to its end. */
    Ended run(String command) throws IOException, InterruptedException {
        Process process = start(command);
        try {
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Ended(process.waitFor(), printed);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    /** Runs a command that must end well, and gives what it printed. */
    String print(String command) throws IOException, InterruptedException {
        Ended ended = run(command);
        assertThat(ended.status()).as("%s%n%s", command, ended.printed()).isZero();
        return ended.printed();
    }

    private Process start(String command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        String path = programs.stream().map(each -> each + File.pathSeparator).collect(Collectors.joining());
        builder.environment().merge("PATH", path, (found, ours) -> ours + found);
        return builder.start();
    }

    /** The lines of the first block of shell commands. */
    static List<String> commands(Path readme) throws IOException {
        String text = Files.readString(readme);
        String fence = "```sh\n";
        int start = text.indexOf(fence) + fence.length();
        return text.substring(start, text.indexOf("```", start)).lines().toList();
    }
}
