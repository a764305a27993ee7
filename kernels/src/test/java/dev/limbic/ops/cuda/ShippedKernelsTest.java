package dev.limbic.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.ops.DeviceException;
import dev.limbic.ops.cuda.sim.CudaSimulator;
import dev.limbic.tensor.DType;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machine code that came along with a build: used before anything else, and done without when it does not fit. */
final class ShippedKernelsTest {
    private static final int CHIP = 90;

    /** Stands for the class path: a folder that a build has filled for one chip. */
    @TempDir
    private Path build;

    @TempDir
    private Path cache;

    @BeforeAll
    static void require() {
        CudaSimulator.install();
        TestDevice.expectNoLeakFromHere();
    }

    @BeforeEach
    void make() throws IOException {
        KernelBuild.main(new String[] {build.toString(), String.valueOf(CHIP)});
    }

    @AfterEach
    void clean() {
        CudaSimulator.takeFault(); // what the driver refuses, the simulator notes
        CudaSimulator.setChip(0);
        TestDevice.assertClean();
    }

    private void open(Consumer<CudaDevice> use) throws IOException {
        URL[] classPath = {build.toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(classPath, null);
                CudaDevice device = new CudaDevice(new CudaSettings(0, cache, false), ShippedKernels.of(loader))) {
            use.accept(device);
        }
    }

    /** Families that were compiled and kept. */
    private List<String> compiled() throws IOException {
        try (Stream<Path> files = Files.list(cache)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .map(name -> name.substring(0, name.lastIndexOf('-')))
                    .sorted()
                    .toList();
        }
    }

    private Path shipped(String family) {
        return build.resolve(ShippedKernels.FOLDER).resolve(ShippedKernels.file(KernelSource.of(family), CHIP));
    }

    @Test
    void nothingIsCompiled() throws IOException {
        open(device -> device.kvCache(1, 1, 8, 4, 4, DType.F32).close());
        assertThat(compiled()).isEmpty();
    }

    @Test
    void anotherChipCompiles() throws IOException {
        CudaSimulator.setChip(86);
        open(device -> {});
        assertThat(compiled()).hasSameSizeAs(KernelFamily.ALWAYS);
    }

    @Test
    void whatIsDamagedIsCompiledAnewOnce() throws IOException {
        byte[] whole = Files.readAllBytes(shipped("softmax"));
        byte[] flipped = whole.clone();
        flipped[whole.length / 2] ^= 1;
        for (byte[] damage : List.of(new byte[0], Arrays.copyOf(whole, whole.length / 2), flipped)) {
            Files.write(shipped("softmax"), damage);
            open(device -> {});
            assertThat(compiled()).containsExactly("softmax");
        }
        Files.delete(shipped("rows"));
        open(device -> {});
        assertThat(compiled()).containsExactly("rows", "softmax");
    }

    /** As a driver does that is older than the compiler. */
    @Test
    void whatTheDriverRefusesIsCompiledInItsPlaceAndKept() throws IOException {
        byte[] notForThisDriver = SealedCode.seal("another machine's code".getBytes(StandardCharsets.UTF_8));
        Files.write(shipped("pool"), notForThisDriver);
        open(device -> {});
        assertThat(compiled()).containsExactly("pool");
        FileTime longAgo = FileTime.fromMillis(1_000_000_000_000L);
        try (Stream<Path> files = Files.list(cache)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, longAgo);
            }
        }
        open(device -> {});
        try (Stream<Path> files = Files.list(cache)) {
            assertThat(files).as("after the second start").singleElement().satisfies(file -> {
                assertThat(Files.getLastModifiedTime(file)).isEqualTo(longAgo);
            });
        }
    }

    @Test
    void codeOfOtherSourcesIsNotTaken() throws IOException {
        Files.move(shipped("pool"), shipped("pool").resolveSibling("pool-00000000000000000000000000000000.bin"));
        open(device -> {});
        assertThat(compiled()).containsExactly("pool");
    }

    @Test
    void chipsAreAddedToWhatIsThere() throws IOException {
        KernelBuild.main(new String[] {build.toString(), "80"});
        try (URLClassLoader loader = new URLClassLoader(new URL[] {build.toUri().toURL()}, null)) {
            ShippedKernels shipped = ShippedKernels.of(loader);
            assertThat(shipped.chips()).containsExactly(80, CHIP);
            assertThat(shipped.code(KernelSource.of("sample"), 80)).isPresent();
            assertThat(shipped.code(KernelSource.of("sample"), CHIP)).isPresent();
        }
    }

    @Test
    void codeThatTheDriverWouldHaveToTranslateIsNotShipped() {
        assertThatThrownBy(() -> KernelBuild.main(new String[] {build.toString(), "121"}))
                .hasMessage("NVRTC 12.6 makes no machine code for sm_121");
    }

    @Test
    void ofSeveralFamiliesTheOneThatFailsIsNamed() {
        KernelCompiler compiler = new KernelCompiler(CHIP);
        List<String> taken = new ArrayList<>();
        assertThatThrownBy(() -> SideBySide.compile(
                        KernelFamily.ALWAYS,
                        source -> compiler.compile(
                                source.name().equals("add_layer_norm")
                                        ? new KernelSource(source.name(), "#error on purpose", List.of(), List.of())
                                        : source),
                        (source, code) -> taken.add(source.name())))
                .isInstanceOfSatisfying(
                        DeviceException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(DeviceException.Kind.REFUSED))
                .hasMessageContaining("NVRTC could not compile add_layer_norm.cu")
                .hasMessageContaining("on purpose");
        assertThat(taken).containsExactly("attention", "embed");
    }
}
