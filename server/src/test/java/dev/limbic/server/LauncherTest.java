package dev.limbic.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher and its start-up cache, in a tree of its own whose program says nothing but hello. */
@EnabledOnOs(OS.LINUX)
class LauncherTest {
    @TempDir
    private Path tree;

    private Path cache;

    @BeforeEach
    void build() throws IOException {
        Path repository = Path.of("..").toAbsolutePath().normalize();
        Files.copy(repository.resolve("limbic"), tree.resolve("limbic"));
        Files.copy(repository.resolve("pom.xml"), tree.resolve("pom.xml"));
        for (String folder :
                List.of("proto", "kernels", "models", "bench", "target", "server/target/lib", "server/src/bundle")) {
            Files.createDirectories(tree.resolve(folder));
        }
        String startCache = "server/src/bundle/start-cache.sh";
        Files.copy(repository.resolve(startCache), tree.resolve(startCache));
        Path source = Files.writeString(tree.resolve("Main.java"), """
                package dev.limbic.server;
                public class Main {
                    public static void main(String[] arguments) {
                        System.out.println("hello " + String.join(" ", arguments));
                        for (String bound : new String[] {"maxPhysicalBytes", "maxBytes"}) {
                            System.out.println(bound + " " + System.getProperty("org.bytedeco.javacpp." + bound));
                        }
                    }
                }
                """);
        int status = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-d", tree.resolve("classes").toString(), source.toString());
        assertThat(status).isZero();
        String main = "dev/limbic/server/Main.class";
        try (OutputStream file = Files.newOutputStream(tree.resolve("server/target/limbic-server-0.jar"));
                JarOutputStream jar = new JarOutputStream(file)) {
            jar.putNextEntry(new JarEntry(main));
            Files.copy(tree.resolve("classes").resolve(main), jar);
        }
        Files.createFile(tree.resolve("target/built"));
        cache = tree.resolve("server/target/limbic.jsa");
    }

    private String run(String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                        "bash", tree.resolve("limbic").toString())
                .redirectErrorStream(true)
                .directory(tree.toFile());
        builder.command().addAll(List.of(arguments));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("LIMBIC_JAVA_OPTS", "-XX:-CreateCoredumpOnCrash");
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    /** In the header, where the JVM would fall over it. */
    private void flipABit() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(cache.toFile(), "rw")) {
            int place = 300;
            file.seek(place);
            int found = file.read();
            file.seek(place);
            file.write(found ^ 0x10);
        }
    }

    @Test
    void theCacheIsMadeOnceAndUsed() throws Exception {
        assertThat(run("serve")).contains("Preparing a fast start", "hello serve");
        assertThat(cache).isNotEmptyFile();
        var made = Files.getLastModifiedTime(cache);
        assertThat(run("serve")).doesNotContain("Preparing", "damaged").contains("hello serve");
        assertThat(Files.getLastModifiedTime(cache)).isEqualTo(made);
        try (Stream<Path> files = Files.list(tree.resolve("server/target"))) {
            assertThat(files.map(file -> String.valueOf(file.getFileName())))
                    .containsExactlyInAnyOrder("lib", "limbic-server-0.jar", "limbic.jsa", "limbic.jsa.sum");
        }
    }

    /** By default JavaCPP refuses memory once the process is some times as large as the heap may be: every batch then fails. */
    @Test
    void aSmallHeapBoundsNoMemoryBesideIt() throws Exception {
        assertThat(run("serve")).contains("maxPhysicalBytes 0", "maxBytes 0");
    }

    @Test
    void aDamagedCacheIsLeftAsideAndMadeAgainByServe() throws Exception {
        run("serve");
        byte[] whole = Files.readAllBytes(cache);
        flipABit();
        assertThat(run("models")).contains("The start-up cache is damaged and left aside", "hello models");
        assertThat(run("serve")).contains("The start-up cache is damaged: making it again", "hello serve");
        assertThat(run("models")).doesNotContain("damaged").contains("hello models");
        Files.write(cache, Arrays.copyOf(whole, whole.length / 2));
        assertThat(run("serve")).contains("damaged: making it again", "hello serve");
        Files.delete(cache.resolveSibling("limbic.jsa.sum"));
        assertThat(run("serve")).contains("making it again", "hello serve");
    }
}
