package dev.limbic.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.DeviceException;
import dev.limbic.ops.cuda.sim.CudaSimulator;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each library that is not there is named with what to do, in a process that has only some of them. */
final class MissingLibrariesTest {
    @TempDir
    private Path libraries;

    private String classPath = System.getProperty("java.class.path");

    @BeforeAll
    static void require() {
        CudaSimulator.install();
    }

    /** Opens a device and says what became of it. */
    public static final class Opens {
        private Opens() {}

        public static void main(String[] arguments) {
            try (CudaDevice device = new CudaDevice(new CudaSettings(0, Path.of(arguments[0]), false))) {
                System.out.println("opened " + device.description());
            } catch (DeviceException failure) {
                System.out.println(failure.kind() + " " + failure.getMessage());
            }
            CudaReport.of(0).forEach(line -> System.out.println(line.found() + " " + line.name()));
        }
    }

    private String without(String... missing) throws IOException, InterruptedException {
        copyAllBut(missing);
        return run();
    }

    private void copyAllBut(String... missing) throws IOException {
        Path built = CudaSimulator.folder();
        try (Stream<Path> files = Files.list(built)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = String.valueOf(file.getFileName());
                if (!List.of(missing).contains(name)) {
                    Files.copy(file, libraries.resolve(name));
                }
            }
        }
    }

    private String run(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of(options));
        command.addAll(List.of(
                "-cp",
                classPath,
                Opens.class.getName(),
                libraries.resolve("kernels").toString()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LD_LIBRARY_PATH", libraries.toString());
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    @Test
    void withAllOfThemItOpens() throws Exception {
        assertThat(without()).contains("opened ").doesNotContain("false ");
    }

    @Test
    void withMachineCodeForTheChipNvrtcIsNotNeeded() throws Exception {
        Path build = libraries.resolve("build");
        KernelBuild.main(new String[] {build.toString(), "90"});
        classPath = build + ":" + classPath;
        assertThat(without("libnvrtc.so.12"))
                .contains("opened ")
                .contains("true kernels")
                .doesNotContain("false ");
    }

    @Test
    void withMachineCodeForAnotherChipItIs() throws Exception {
        Path build = libraries.resolve("build");
        KernelBuild.main(new String[] {build.toString(), "80"});
        classPath = build + ":" + classPath;
        assertThat(without("libnvrtc.so.12"))
                .contains("MISSING no machine code for compute capability 9.0 came along")
                .contains("NVRTC (libnvrtc.so.12) was not found: it comes with the CUDA 12 toolkit")
                .contains("false kernels");
    }

    @Test
    void theDriverIsNamed() throws Exception {
        assertThat(without("libcuda.so.1"))
                .contains("MISSING")
                .contains("NVIDIA driver (libcuda.so.1) was not found: install the driver")
                .contains("false NVIDIA driver")
                .contains("true NVRTC");
    }

    @Test
    void eachLibraryIsNamed() throws Exception {
        assertThat(without("libcublas.so.12", "libcudnn.so.9", "libnvrtc.so.12"))
                .contains("NVRTC (libnvrtc.so.12) was not found: it comes with the CUDA 12 toolkit")
                .contains("cuBLAS (libcublas.so.12) was not found: it comes with the CUDA 12 toolkit")
                .contains("cuDNN (libcudnn.so.9) was not found: it is a download of its own")
                .contains("true NVIDIA driver");
    }

    @Test
    void whatLiesAmongTheTemporaryFilesIsNotLoaded() throws Exception {
        copyAllBut();
        Path temporary = Files.createDirectories(libraries.resolve("temporary"));
        for (String name : List.of("JCudaDriver", "JNvrtc", "JCublas2", "JCudnn")) {
            Files.writeString(temporary.resolve("lib" + name + "-12.6.0-linux-x86_64.so"), "somebody else's");
        }
        assertThat(run("-Djava.io.tmpdir=" + temporary)).contains("opened ").doesNotContain("false ");
        try (Stream<Path> files = Files.list(temporary)) {
            assertThat(files).as("nothing is unpacked there either").hasSize(4);
        }
    }

    @Test
    void withoutAFolderForNativesItSaysWhatToSet() throws Exception {
        copyAllBut();
        assertThat(run("-Djava.io.tmpdir=/dev/null/tmp", "-Duser.home=/dev/null/home"))
                .contains("MISSING native libraries need a folder that this user and nobody else can write")
                .contains("/dev/null/home/.cache/limbic/natives: ")
                .contains("LIMBIC_JAVA_OPTS=-Dlimbic.natives=FOLDER");
    }

    /** On a host that has only CUDA 13, the bundle's libraries of CUDA 12's names forward to CUDA 13's. */
    @Test
    void librariesOfCuda13ServeThroughForwardingOnes() throws Exception {
        Path natives = Files.createDirectories(libraries.resolve("natives"));
        for (String name : List.of("libJCublas2", "libJNvrtc")) {
            String file = name + "-12.6.0-linux-x86_64.so";
            try (InputStream in = CudaDevice.class.getResourceAsStream("/lib/" + file)) {
                assertThat(in).as(file).isNotNull();
                Files.copy(in, natives.resolve(file));
            }
        }
        Path script = Path.of("src/cuda13/build.sh").toAbsolutePath();
        Process build = new ProcessBuilder("bash", script.toString(), libraries.toString(), natives.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(build.waitFor()).as(said).isZero();
        assertThat(said).contains("functions forwarded to libcublas.so.13");
        assertThat(run())
                .as("without the libraries behind them")
                .doesNotContain("opened ")
                .doesNotContain("\tat ");
        copyAllBut("libcublas.so.12", "libnvrtc.so.12");
        for (String library : List.of("libcublas", "libnvrtc")) {
            Files.copy(CudaSimulator.folder().resolve(library + ".so.12"), libraries.resolve(library + ".so.13"));
        }
        assertThat(run()).contains("opened ").doesNotContain("false ");
    }
}
