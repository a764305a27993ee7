package dev.limbic.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.ops.DeviceException;
import dev.limbic.ops.cuda.sim.CudaSimulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiled kernels on disk: used, mended when they are damaged, done without when they cannot be kept. */
final class KernelCacheTest {
    private static final FileTime LONG_AGO = FileTime.fromMillis(1_000_000_000_000L);

    @TempDir
    private Path temporary;

    @BeforeAll
    static void require() {
        TestDevice.require();
        TestDevice.expectNoLeakFromHere();
    }

    @AfterEach
    void clean() {
        if (CudaSimulator.available()) {
            CudaSimulator.takeFault(); // a damaged file is refused by the driver, which the simulator notes
            CudaSimulator.setChip(0);
        }
        TestDevice.assertClean();
    }

    private static void open(Path cache) {
        new CudaDevice(new CudaSettings(0, cache, true)).close();
    }

    private static Map<String, FileTime> files(Path folder) throws IOException {
        Map<String, FileTime> times = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                times.put(String.valueOf(file.getFileName()), Files.getLastModifiedTime(file));
            }
        }
        return times;
    }

    private static void age(Path folder) throws IOException {
        for (String file : files(folder).keySet()) {
            Files.setLastModifiedTime(folder.resolve(file), LONG_AGO);
        }
    }

    @Test
    void theSecondStartCompilesNothing() throws IOException {
        Path cache = temporary.resolve("not/yet/there");
        open(cache);
        assertThat(files(cache)).hasSize(8);
        age(cache);
        open(cache);
        assertThat(files(cache).values()).containsOnly(LONG_AGO);
    }

    @Test
    void anotherChipHasFilesOfItsOwn() throws IOException {
        CudaSimulator.install();
        open(temporary);
        CudaSimulator.setChip(80);
        open(temporary);
        assertThat(files(temporary)).hasSize(16);
    }

    @Test
    void aDamagedFileIsCompiledAnew() throws IOException {
        open(temporary);
        age(temporary);
        String first = files(temporary).keySet().iterator().next();
        byte[] whole = Files.readAllBytes(temporary.resolve(first));
        byte[] other = Files.readAllBytes(temporary.resolve(
                files(temporary).keySet().stream().skip(1).findFirst().orElseThrow()));
        List<byte[]> damaged = List.of(
                new byte[0],
                "not a kernel".getBytes(java.nio.charset.StandardCharsets.UTF_8),
                Arrays.copyOf(whole, whole.length / 2),
                Arrays.copyOf(other, other.length - 1));
        for (byte[] damage : damaged) {
            Files.write(temporary.resolve(first), damage);
            Files.setLastModifiedTime(temporary.resolve(first), LONG_AGO);
            open(temporary);
            assertThat(files(temporary).get(first)).isNotEqualTo(LONG_AGO);
            assertThat(Files.size(temporary.resolve(first))).isGreaterThan(100);
        }
        assertThat(files(temporary)).hasSize(8);
    }

    @Test
    void aFolderThatCannotBeWrittenOnlyCostsTime() throws IOException {
        Path file = Files.writeString(temporary.resolve("file"), "in the way");
        open(file.resolve("below"));
        assertThat(file).hasContent("in the way");
    }

    @Test
    void aChipThatIsTooOldIsRefusedByName() {
        CudaSimulator.install();
        CudaSimulator.setChip(70);
        assertThatThrownBy(() -> open(temporary))
                .isInstanceOfSatisfying(
                        DeviceException.class,
                        refusal -> assertThat(refusal.kind()).isEqualTo(DeviceException.Kind.MISSING))
                .hasMessageContaining("compute capability 7.0")
                .hasMessageContaining("7.5");
    }

    @Test
    void aChipNewerThanTheCompilerGetsCodeThatTheDriverTranslates() throws IOException {
        CudaSimulator.install();
        CudaSimulator.setChip(121);
        open(temporary);
        assertThat(files(temporary)).hasSize(8);
    }
}
