package dev.limbic.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a process without a home folder leaves among the temporary files, and what it says where those are closed too. */
@DisabledOnOs(OS.WINDOWS)
class NativesTest {
    @TempDir
    private Path folder;

    private record Ended(int status, String said) {}

    private Ended analyze(String temporary) throws IOException, InterruptedException {
        Path config = Files.writeString(folder.resolve("limbic.yaml"), """
                models:
                  - name: emotion-lstm
                    path: %s
                    device: cpu
                """.formatted(
                        Path.of("../models/starter/emotion-lstm").toAbsolutePath()));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Duser.home=/dev/null/home",
                        "-Djava.io.tmpdir=" + temporary,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "serve",
                        "--check",
                        "--port",
                        "0",
                        "--set",
                        "http.port=0",
                        "--config",
                        config.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), said);
    }

    private List<String> files(Path temporary) throws IOException {
        try (Stream<Path> files = Files.walk(temporary)) {
            return files.map(file -> temporary.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void startsShareOneFolderAndLeaveNothingElse() throws Exception {
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        Ended first = analyze(temporary.toString());
        assertThat(first.status()).as(first.said()).isZero();
        List<String> files = files(temporary);
        String natives = "limbic-natives-" + System.getProperty("user.name");
        assertThat(files).allMatch(file -> file.isEmpty() || file.startsWith(natives));
        assertThat(files).anyMatch(file -> file.contains("tokenizers")).anyMatch(file -> file.contains("dnnl"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(temporary.resolve(natives))))
                .isEqualTo("rwx------");
        Ended second = analyze(temporary.toString());
        assertThat(second.status()).as(second.said()).isZero();
        assertThat(files(temporary)).isEqualTo(files);
    }

    @Test
    void withoutAFolderItSaysWhatToSet() throws Exception {
        Ended ended = analyze("/dev/null/tmp");
        assertThat(ended.status()).isOne();
        assertThat(ended.said())
                .contains("limbic: native libraries need a folder that this user and nobody else can write")
                .contains("LIMBIC_JAVA_OPTS=-Dlimbic.natives=FOLDER")
                .doesNotContain("\tat ");
    }
}
