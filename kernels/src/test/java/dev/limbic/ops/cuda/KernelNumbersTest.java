package dev.limbic.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.ops.Activation;
import dev.limbic.ops.DeviceException;
import dev.limbic.ops.Pooling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What launches and kernels agree on stands in one place, and a kernel is found by its family and its name. */
final class KernelNumbersTest {
    private static final Path CUDA = Path.of("src/main/cuda");
    private static final Path JAVA = Path.of("src/main/java/dev/limbic/ops/cuda");
    private static final Pattern NUMBER = Pattern.compile("    (\\w+) = (\\d+),");

    private static Set<String> names() {
        Set<String> names = new HashSet<>();
        Matcher number = NUMBER.matcher(KernelNumbers.header());
        while (number.find()) {
            names.add(number.group(1));
        }
        return names;
    }

    private static List<Path> files(Path folder, String pattern) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> String.valueOf(file.getFileName()).matches(pattern))
                    .sorted()
                    .toList();
        }
    }

    private static List<String> found(Path file, String pattern) throws IOException {
        return Pattern.compile(pattern)
                .matcher(Files.readString(file))
                .results()
                .map(match -> match.group())
                .toList();
    }

    @Test
    void theHeaderHasAllNumbersAndEnumerations() {
        assertThat(names()).contains("ROW_BLOCK", "SAMPLE_FIRST_ALTERNATIVE", "RULE_TOP_P", "CHANGE_COUNT");
        for (Activation activation : Activation.values()) {
            assertThat(KernelNumbers.header())
                    .contains("ACTIVATION_" + activation + " = " + KernelNumbers.code(activation) + ",");
        }
        for (Pooling pooling : Pooling.values()) {
            assertThat(KernelNumbers.header())
                    .contains("POOLING_" + pooling + " = " + KernelNumbers.code(pooling) + ",");
        }
    }

    /** A number that kernels do not use is none that both sides have to agree on. */
    @Test
    void kernelsUseEveryNumberAndGiveNoneOfThemAValue() throws IOException {
        Set<String> unused = names();
        for (Path file : files(CUDA, ".*\\.cuh?")) {
            String text = Files.readString(file).replaceAll("//.*", "");
            unused.removeIf(
                    name -> Pattern.compile("\\b" + name + "\\b").matcher(text).find());
            for (String name : names()) {
                assertThat(found(file, "(constexpr \\w+|#define|enum\\b.*) " + name + "\\b.*"))
                        .as("%s", file)
                        .isEmpty();
            }
        }
        // What changes nothing is what kernels do in any other case.
        assertThat(unused)
                .containsExactlyInAnyOrder(
                        "ACTIVATION_NONE", "ACTIVATION_COUNT", "UPSAMPLING_BILINEAR", "UPSAMPLING_COUNT");
    }

    @Test
    void blocksOfKernelsAreCalledByName() throws IOException {
        for (Path file : files(CUDA, ".*\\.cuh?")) {
            assertThat(found(file, "__launch_bounds__\\(\\s*\\d.*"))
                    .as("%s", file)
                    .isEmpty();
            assertThat(found(file, "(?m)^//.*\\bblock \\d+.*")).as("%s", file).isEmpty();
            assertThat(found(file, "(blockIdx|gridDim|blockDim)\\.\\w\\)? [*/%] \\d.*"))
                    .as("%s", file)
                    .isEmpty();
        }
    }

    @Test
    void launchesCountByNameAndHaveNoNumbersOfTheirOwn() throws IOException {
        for (Path file : files(JAVA, "Cuda\\w*(Ops|Engine)\\.java")) {
            for (String launch : found(file, "(?s)\\.launch\\(.*?;")) {
                assertThat(found(launch, "\\b\\d{2,}\\b|\\b[2-9]\\b"))
                        .as("%s", launch)
                        .isEmpty();
            }
            assertThat(found(file, "(?s)case \\w+ -> \\d+")).as("%s", file).isEmpty();
            for (String name : names()) {
                assertThat(found(file, "static final \\w+ " + name + "\\b.*"))
                        .as("%s", file)
                        .isEmpty();
            }
        }
    }

    private static List<String> found(String text, String pattern) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(match -> match.group())
                .toList();
    }

    @Test
    void aKernelIsFoundByItsFamilyToo() {
        try (CudaDevice device = TestDevice.open(false)) {
            Kernels kernels = device.engine().kernels();
            kernels.of("softmax", "softmax_f32");
            assertThatThrownBy(() -> kernels.of("pool", "softmax_f32"))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("no kernel softmax_f32 in family pool");
        }
        TestDevice.assertClean();
    }
}
