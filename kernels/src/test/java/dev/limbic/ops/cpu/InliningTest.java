package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorMask;
import org.junit.jupiter.api.Test;

/**
 * A vector that is handed to a method or back from one becomes a heap object, unless the compiler inlines that method. It
 * does not inline one that happened to be compiled first, which made whole servers slow by chance; so it is told to.
 */
class InliningTest {
    private static final String FILE = "-XX:CompileCommandFile=";

    /** What every Limbic JVM is started with, these tests' too. */
    private static List<String> patterns(String kind) throws IOException {
        List<String> arguments = ManagementFactory.getRuntimeMXBean().getInputArguments();
        assertThat(arguments)
                .as("commands that are given in another place")
                .noneMatch(argument -> argument.startsWith("-XX:CompileCommand="));
        String file = arguments.stream()
                .filter(argument -> argument.startsWith(FILE))
                .findFirst()
                .orElseThrow()
                .substring(FILE.length());
        return Files.readAllLines(Path.of(file)).stream()
                .filter(line -> line.startsWith(kind + " "))
                .map(line -> line.substring(kind.length() + 1))
                .toList();
    }

    /** Without what is said of them. */
    private static Stream<String> named(String kind) {
        try {
            return patterns(kind).stream().map(pattern -> pattern.replaceFirst(" .*", ""));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean matches(String pattern, Method method) {
        String name = method.getDeclaringClass().getName() + "::" + method.getName();
        return Pattern.matches(pattern.replace(".", "\\.").replace("*", ".*"), name);
    }

    private static List<Method> methods() throws IOException {
        Path folder = Path.of(URI.create(Objects.requireNonNull(CpuDevice.class.getResource("CpuDevice.class"))
                        .toString()))
                .resolveSibling("");
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".class"))
                    .map(name -> CpuDevice.class.getPackageName() + "." + name.substring(0, name.length() - 6))
                    .flatMap(InliningTest::methods)
                    .toList();
        }
    }

    private static Stream<Method> methods(String type) {
        try {
            return Arrays.stream(Class.forName(type, false, InliningTest.class.getClassLoader())
                    .getDeclaredMethods());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean handsVectors(Method method) {
        return Stream.concat(Arrays.stream(method.getParameterTypes()), Stream.of(method.getReturnType()))
                .anyMatch(type -> Vector.class.isAssignableFrom(type) || VectorMask.class.isAssignableFrom(type));
    }

    @Test
    void whatTakesOrReturnsAVectorIsAlwaysInlined() throws IOException {
        List<Method> handing =
                methods().stream().filter(InliningTest::handsVectors).toList();
        assertThat(handing).hasSizeGreaterThan(20);
        List<String> inlined = patterns("inline");
        assertThat(handing).allMatch(method -> inlined.stream().anyMatch(pattern -> matches(pattern, method)));
    }

    @Test
    void everyCommandNamesAMethodThatExists() throws IOException {
        List<Method> methods = methods();
        assertThat(Stream.of("inline", "dontinline", "CompileThresholdScaling").flatMap(InliningTest::named))
                .hasSizeGreaterThan(40)
                .allMatch(pattern -> methods.stream().anyMatch(method -> matches(pattern, method)));
    }
}
