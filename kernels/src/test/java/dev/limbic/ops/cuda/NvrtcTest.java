package dev.limbic.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.testing.Requirement;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * NVIDIA's own NVRTC compiles every kernel, as the device does it and as a build does it, in processes of their own because
 * this one may hold the simulator's. No chip and no driver is needed. {@code kernels/src/nvcc/install.sh} brings NVRTC; a
 * folder that {@code -Dlimbic.nvrtc} names, or the loader's path, does as well.
 */
final class NvrtcTest {
    private static final String INSTALLED = "../target/cuda-compilers/nvrtc-12.6";
    private static final List<Integer> CHIPS = List.of(75, 80, 90);

    /** Machine of an ELF file: NVIDIA CUDA. */
    private static final int EM_CUDA = 190;

    @TempDir
    private Path temporary;

    /** Compiles everything for a chip that NVRTC does not know, for its driver to translate. */
    public static final class CompilesForAnUnknownChip {
        private CompilesForAnUnknownChip() {}

        public static void main(String[] arguments) {
            KernelCompiler compiler = new KernelCompiler(Integer.parseInt(arguments[0]));
            System.out.println(compiler.key());
            SideBySide.compile(KernelFamily.all(), compiler::compile, (source, code) -> {
                System.out.println(new String(code, StandardCharsets.US_ASCII));
            });
        }
    }

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void everyKernelIsInTheMachineCodeForEveryChip() throws Exception {
        run(KernelBuild.class, temporary, CHIPS.stream().map(String::valueOf).toArray(String[]::new));
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {temporary.toUri().toURL()}, null)) {
            ShippedKernels shipped = ShippedKernels.of(loader);
            assertThat(shipped.chips()).isEqualTo(CHIPS);
            for (int chip : CHIPS) {
                for (KernelFamily family : KernelFamily.all()) {
                    byte[] code =
                            shipped.code(KernelSource.of(family.name()), chip).orElseThrow();
                    assertThat(kernels(code))
                            .as(family.name() + " for sm_" + chip)
                            .containsExactlyInAnyOrderElementsOf(family.kernels());
                }
            }
        }
    }

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void aChipThatItDoesNotKnowGetsEveryKernelAsText() throws Exception {
        String said = run(CompilesForAnUnknownChip.class, null, "130");
        assertThat(said).contains("--gpu-architecture=compute_").doesNotContain("LIMBIC-SIM");
        for (KernelFamily family : KernelFamily.all()) {
            assertThat(family.kernels()).allSatisfy(kernel -> assertThat(said).contains(".entry " + kernel + "("));
        }
    }

    /** What a class prints, in a process with NVRTC; skips the test if there is none. */
    private static String run(Class<?> main, @org.jspecify.annotations.Nullable Path folder, String... arguments)
            throws IOException, InterruptedException {
        Path nvrtc = require();
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        if (folder != null) {
            command.add(folder.toString());
        }
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LD_LIBRARY_PATH", nvrtc.toString());
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        if (folder != null) {
            System.out.print(said);
        }
        return said;
    }

    /** The folder of NVRTC. */
    private static Path require() {
        String named = System.getProperty("limbic.nvrtc");
        String searched = System.getenv().getOrDefault("LD_LIBRARY_PATH", "");
        Optional<Path> found = Stream.concat(
                        Stream.of(named == null ? INSTALLED : named),
                        Stream.of(searched.split(":", -1)).filter(folder -> !folder.isEmpty()))
                .map(Path::of)
                .filter(folder -> Files.exists(folder.resolve(CudaLibraries.COMPILER.file())))
                .findFirst();
        if (found.isEmpty()) {
            Requirement.isAbsent(
                    "nvrtc",
                    "no " + CudaLibraries.COMPILER.file()
                            + "; kernels/src/nvcc/install.sh target/cuda-compilers brings it");
        }
        return found.orElseThrow().toAbsolutePath();
    }

    /** Names of the functions in machine code that the driver can start: the global ones of the symbol table. */
    private static List<String> kernels(byte[] code) {
        ByteBuffer elf = ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(elf.getInt(0)).as("an ELF file").isEqualTo(0x464c457f);
        assertThat((int) elf.getShort(18)).as("of a chip").isEqualTo(EM_CUDA);
        int sections = (int) elf.getLong(40);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < elf.getShort(60); i++) {
            int section = sections + i * 64;
            if (elf.getInt(section + 4) == 2) { // SHT_SYMTAB
                int strings = (int) elf.getLong(sections + elf.getInt(section + 40) * 64 + 24);
                int from = (int) elf.getLong(section + 24);
                int end = from + (int) elf.getLong(section + 32);
                for (int symbol = from; symbol < end; symbol += 24) {
                    if (elf.get(symbol + 4) == 0x12) { // STB_GLOBAL, STT_FUNC
                        int name = strings + elf.getInt(symbol);
                        int stop = name;
                        while (code[stop] != 0) {
                            stop++;
                        }
                        names.add(new String(code, name, stop - name, StandardCharsets.US_ASCII));
                    }
                }
            }
        }
        return names;
    }
}
