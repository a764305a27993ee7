package dev.limbic.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.testing.Requirement;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Builds and runs the examples in other languages by the commands of their READMEs, in a copy under {@code target/}. Skipped
 * where a toolchain is missing or the first command, which fetches libraries, does not reach a registry;
 * {@code -Dlimbic.require=clients} makes that a failure.
 */
class ClientsTest {
    private static final Path COPIES = Path.of("target", "clients").toAbsolutePath();

    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)");

    /** Long enough for a client without a bound to have sent everything; a fast machine waits no longer than a slow one. */
    private static final int A_WHILE_MILLIS = 300;

    @ParameterizedTest
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    @CsvSource({
        "python, python3 --version, 3.11, python3",
        "typescript, node --version, 20.11, npm",
        "go, go version, 1.26, protoc",
        "rust, cargo --version, 1.88, protoc"
    })
    void theExamplesDoWhatTheirReadmeSays(String language, String version, String oldest, String tool)
            throws Exception {
        Path protoc = Path.of("target", "protoc", "protoc").toAbsolutePath(); // Maven brought it
        if (Files.exists(protoc)) {
            Files.setPosixFilePermissions(protoc, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        Shell shell =
                new Shell(copy(language), List.of(Path.of("target", "protoc").toAbsolutePath()));
        Shell.Ended found = shell.run(version);
        if (found.status() != 0 || !isAtLeast(found.printed(), oldest)) {
            skip(
                    language,
                    version + ": expected " + oldest + " or newer, found "
                            + found.printed().strip());
        }
        if (!shell.has(tool)) {
            skip(language, tool + " is not on the PATH");
        }
        List<String> commands = Shell.commands(shell.folder().resolve("README.md"));
        Shell.Ended fetched = shell.run(commands.getFirst());
        if (fetched.status() != 0) {
            skip(
                    language,
                    "its libraries cannot be fetched: " + fetched.printed().strip());
        }
        for (String command : commands.subList(1, commands.size() - 3)) {
            shell.print(command);
        }
        try (TestServer server = new TestServer()) {
            List<String> examples = commands.stream()
                    .skip(commands.size() - 3)
                    .map(server::addressed)
                    .toList();
            assertThat(examples.get(0)).contains("unary");
            Expected.unary(shell.print(examples.get(0)));
            assertThat(examples.get(1)).contains("stream");
            Expected.stream(boundedStream(server, shell, examples.get(1)));
            assertThat(examples.get(2)).contains("interact");
            Expected.conversation(shell.print(examples.get(2)));
        }
    }

    /** Lets a stream run against a device that is held for a while: no more lines may come than are allowed in flight. */
    private static String boundedStream(TestServer server, Shell shell, String command) throws Exception {
        AtomicInteger read = new AtomicInteger();
        server.model.whileEncoding(text -> read.incrementAndGet());
        server.model.holdBatches();
        CompletableFuture<String> printed = new CompletableFuture<>();
        Thread client = Thread.ofPlatform().daemon(true).start(() -> {
            try {
                printed.complete(shell.print(command));
            } catch (Throwable e) {
                printed.completeExceptionally(e);
            }
        });
        int answerable =
                3; // of the four lines that may be in flight one is empty and gets its error without being read
        while (read.get() < answerable && !printed.isDone()) {
            Thread.sleep(5);
        }
        Thread.sleep(A_WHILE_MILLIS);
        assertThat(read).as("lines that came while none was answered").hasValue(answerable);
        server.model.stopHolding();
        client.join();
        return printed.get();
    }

    private static boolean isAtLeast(String printed, String oldest) {
        Matcher found = VERSION.matcher(printed);
        Matcher wanted = VERSION.matcher(oldest);
        if (!found.find() || !wanted.find()) {
            return false;
        }
        int major = Integer.compare(Integer.parseInt(found.group(1)), Integer.parseInt(wanted.group(1)));
        boolean newerMinor = Integer.parseInt(found.group(2)) >= Integer.parseInt(wanted.group(2));
        return major == 0 ? newerMinor : major > 0;
    }

    private static void skip(String language, String reason) {
        System.out.println("clients: " + language + " skipped, " + reason);
        Requirement.isAbsent("clients", language + ": " + reason);
    }

    /** A copy of the folder without what its .gitignore names, so that nothing is built among the sources. */
    private static Path copy(String language) throws IOException {
        Path source = Path.of(language).toAbsolutePath();
        Path target = COPIES.resolve(language);
        List<String> products = Files.readAllLines(source.resolve(".gitignore"));
        Files.walkFileTree(source, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                if (products.contains(source.relativize(folder) + "/")) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Files.createDirectories(target.resolve(source.relativize(folder)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.copy(
                        file,
                        target.resolve(source.relativize(file)),
                        StandardCopyOption.REPLACE_EXISTING,
                        StandardCopyOption.COPY_ATTRIBUTES);
                return FileVisitResult.CONTINUE;
            }
        });
        Path contract = COPIES.resolveSibling("proto"); // where ../../proto is, seen from the copy
        if (!Files.exists(contract, LinkOption.NOFOLLOW_LINKS)) {
            Files.createSymbolicLink(contract, Path.of("..", "..", "proto"));
        }
        return target;
    }
}
