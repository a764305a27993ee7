package dev.limbic.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The commands that README.md shows, with the tools that people use; each is skipped where its tool is not there. */
class ReadmeTest {
    private static final Path README = Path.of("..", "README.md");
    private static final String PICTURE = "../models/src/test/resources/pictures/astronaut-420.jpg";
    private static final Pattern TOOL = Pattern.compile("\\b(grpcurl|ghz|grpc-health-probe) -");

    /** What each command prints, in this order, by a part of it that no other command has. */
    private static final Map<String, List<String>> PRINTED = new LinkedHashMap<>();

    static {
        PRINTED.put(
                "EmotionService/Analyze$", List.of("requestId\":\"1\"", "canonicalEmotions", "CANONICAL_EMOTION_JOY"));
        PRINTED.put("ModelService/ListModels$", List.of("name\":\"fake\"", "maxTextBytes"));
        PRINTED.put("EmotionService/AnalyzeStream$", List.of("analysis", "error", "code\":3", "analysis"));
        PRINTED.put("face.jpg", List.of("faces", "box", "analysis", "model\":\"reader\"", "finder\":\"finder\""));
        PRINTED.put(
                "InteractionService/Interact$",
                List.of("analysis", "replyStarted", "token", "replyFinished", "FINISH_REASON_STOP"));
        PRINTED.put("^ghz ", List.of("Requests/sec:", "[OK]2000responses"));
        PRINTED.put("^grpc-health-probe ", List.of("status:SERVING"));
    }

    /** Without what versions of the tools differ in: white space, and the case and underscores of names. */
    private static String plain(String printed) {
        return printed.replaceAll("[\\s_]", "").toLowerCase(Locale.ROOT);
    }

    /** Indented blocks of the README that call one of the tools. */
    private static List<String> commands() throws IOException {
        List<String> commands = new ArrayList<>();
        StringBuilder block = new StringBuilder();
        List<String> lines = new ArrayList<>(Files.readAllLines(README));
        lines.add("");
        for (String line : lines) {
            if (line.startsWith("    ")) {
                block.append(line.substring(4)).append('\n');
            } else {
                String command = block.toString().strip();
                if (TOOL.matcher(command).find()) {
                    commands.add(command);
                }
                block.setLength(0);
            }
        }
        return commands;
    }

    /** Where {@code go install} puts programs, for those who have no PATH for it. */
    private static Shell shell() throws IOException, InterruptedException {
        Shell plain = new Shell(Path.of("").toAbsolutePath(), List.of());
        Shell.Ended go = plain.run("go env GOPATH");
        return go.status() == 0
                ? new Shell(plain.folder(), List.of(Path.of(go.printed().strip(), "bin")))
                : plain;
    }

    @Test
    void eachCommandPrintsWhatItShould() throws Exception {
        List<String> commands = commands();
        assertThat(commands).hasSameSizeAs(PRINTED.keySet());
        List<String> missing = new ArrayList<>();
        Shell shell = shell();
        try (TestServer server = new TestServer()) {
            for (Map.Entry<String, List<String>> expected : PRINTED.entrySet()) {
                String command = commands.stream()
                        .filter(each -> Pattern.compile(expected.getKey(), Pattern.MULTILINE)
                                .matcher(each)
                                .find())
                        .findFirst()
                        .orElseThrow(() -> new AssertionError("README.md has no command with " + expected.getKey()));
                Matcher tool = TOOL.matcher(command);
                assertThat(tool.find()).isTrue();
                if (!shell.has(tool.group(1))) {
                    missing.add(tool.group(1));
                    continue;
                }
                assertThat(plain(shell.print(server.addressed(command).replace("face.jpg", PICTURE))))
                        .as(command)
                        .containsSubsequence(expected.getValue().stream()
                                .map(ReadmeTest::plain)
                                .toList());
            }
        }
        if (!missing.isEmpty()) {
            String reason =
                    "README.md: not tried, " + missing.stream().distinct().toList() + " not on the PATH";
            System.out.println(reason);
            Assumptions.abort(reason);
        }
    }
}
