package dev.limbic.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Holds the picture in docs/architecture.md to the code. */
class ArchitectureTest {
    private static final String ROOT = "dev.limbic";
    private static final String STUBS = "dev.limbic.v1";
    private static final int MAX_LINES = 400;

    /**
     * Which rooms a room may know, as in the table of docs/architecture.md. Every package is a room of its own and has an
     * entry; generated stubs know nobody.
     */
    private static final Map<String, List<String>> ARROWS = Map.ofEntries(
            Map.entry("dev.limbic.natives", List.of()),
            Map.entry("dev.limbic.tensor", List.of()),
            Map.entry("dev.limbic.ops", List.of("dev.limbic.tensor")),
            Map.entry("dev.limbic.ops.cpu", List.of("dev.limbic.natives", "dev.limbic.ops", "dev.limbic.tensor")),
            Map.entry("dev.limbic.ops.cuda", List.of("dev.limbic.natives", "dev.limbic.ops", "dev.limbic.tensor")),
            Map.entry("dev.limbic.weights", List.of("dev.limbic.tensor")),
            Map.entry("dev.limbic.domain", List.of()),
            Map.entry("dev.limbic.preprocess.jinja", List.of()),
            Map.entry(
                    "dev.limbic.preprocess.text",
                    List.of(
                            "dev.limbic.natives",
                            "dev.limbic.domain",
                            "dev.limbic.preprocess.jinja",
                            "dev.limbic.weights")),
            Map.entry("dev.limbic.preprocess.image.codec", List.of("dev.limbic.natives", "dev.limbic.domain")),
            Map.entry(
                    "dev.limbic.preprocess.image",
                    List.of("dev.limbic.preprocess.image.codec", "dev.limbic.domain", "dev.limbic.weights")),
            Map.entry("dev.limbic.postprocess", List.of("dev.limbic.domain")),
            Map.entry("dev.limbic.generate", List.of("dev.limbic.domain")),
            Map.entry("dev.limbic.layer", List.of("dev.limbic.ops", "dev.limbic.weights", "dev.limbic.tensor")),
            Map.entry(
                    "dev.limbic.model",
                    List.of(
                            "dev.limbic.layer",
                            "dev.limbic.generate",
                            "dev.limbic.ops",
                            "dev.limbic.weights",
                            "dev.limbic.tensor",
                            "dev.limbic.preprocess.text",
                            "dev.limbic.preprocess.image",
                            "dev.limbic.preprocess.image.codec",
                            "dev.limbic.postprocess",
                            "dev.limbic.domain")),
            Map.entry("dev.limbic.server.config", List.of("dev.limbic.domain")),
            Map.entry("dev.limbic.server.telemetry", List.of()),
            Map.entry("dev.limbic.server.security", List.of("dev.limbic.domain")),
            Map.entry("dev.limbic.server.http", List.of("dev.limbic.server.security", "dev.limbic.domain")),
            Map.entry("dev.limbic.server.batch", List.of("dev.limbic.domain")),
            Map.entry(
                    "dev.limbic.server.pipeline",
                    List.of(
                            "dev.limbic.natives",
                            "dev.limbic.preprocess.image",
                            "dev.limbic.preprocess.image.codec",
                            "dev.limbic.generate",
                            "dev.limbic.server.batch",
                            "dev.limbic.model",
                            "dev.limbic.domain")),
            Map.entry(
                    "dev.limbic.server.dialogue",
                    List.of(
                            "dev.limbic.server.pipeline",
                            "dev.limbic.generate",
                            "dev.limbic.model",
                            "dev.limbic.domain")),
            Map.entry(
                    "dev.limbic.server.stream",
                    List.of("dev.limbic.server.dialogue", "dev.limbic.server.pipeline", "dev.limbic.domain")),
            Map.entry(
                    "dev.limbic.server.wire",
                    List.of(
                            "dev.limbic.domain",
                            "dev.limbic.natives",
                            "dev.limbic.generate",
                            "dev.limbic.server.pipeline",
                            "dev.limbic.server.dialogue",
                            "dev.limbic.server.stream",
                            "dev.limbic.server.security",
                            STUBS)),
            Map.entry(STUBS, List.of()),
            Map.entry(
                    "dev.limbic.server.evaluate",
                    List.of("dev.limbic.model", "dev.limbic.postprocess", "dev.limbic.domain")),
            Map.entry(
                    "dev.limbic.server.runtime",
                    List.of(
                            "dev.limbic.domain",
                            "dev.limbic.natives",
                            "dev.limbic.ops",
                            "dev.limbic.ops.cpu",
                            "dev.limbic.ops.cuda",
                            "dev.limbic.weights",
                            "dev.limbic.preprocess.image",
                            "dev.limbic.preprocess.image.codec",
                            "dev.limbic.preprocess.text",
                            "dev.limbic.generate",
                            "dev.limbic.model",
                            "dev.limbic.server.config",
                            "dev.limbic.server.batch",
                            "dev.limbic.server.pipeline",
                            "dev.limbic.server.stream",
                            "dev.limbic.server.dialogue",
                            "dev.limbic.server.security",
                            "dev.limbic.server.wire",
                            "dev.limbic.server.http",
                            "dev.limbic.server.telemetry")),
            Map.entry(
                    "dev.limbic.server.command",
                    List.of(
                            "dev.limbic.domain",
                            "dev.limbic.preprocess.image",
                            "dev.limbic.preprocess.image.codec",
                            "dev.limbic.tensor",
                            "dev.limbic.ops",
                            "dev.limbic.ops.cuda",
                            "dev.limbic.generate",
                            "dev.limbic.model",
                            "dev.limbic.server.config",
                            "dev.limbic.server.pipeline",
                            "dev.limbic.server.dialogue",
                            "dev.limbic.server.evaluate",
                            "dev.limbic.server.security",
                            "dev.limbic.server.wire",
                            "dev.limbic.server.telemetry",
                            "dev.limbic.server.runtime")),
            Map.entry(
                    "dev.limbic.server",
                    List.of("dev.limbic.domain", "dev.limbic.server.config", "dev.limbic.server.command")));

    private static final JavaClasses OURS = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("tests.jar"))
            .importPackages(ROOT);

    private static DescribedPredicate<JavaClass> room(String room) {
        return DescribedPredicate.describe("in " + room, type -> room.equals(type.getPackageName()));
    }

    @Test
    void everyPackageIsARoomOfThePictureAndEveryRoomIsAPackage() {
        TreeSet<String> packages = new TreeSet<>();
        OURS.forEach(type -> packages.add(type.getPackageName()));
        assertThat(packages)
                .as("packages, and rooms of docs/architecture.md and of this test")
                .containsExactlyElementsOf(new TreeSet<>(ARROWS.keySet()));
    }

    @Test
    void thePictureOfTheDocumentHasARowForEveryRoom() throws IOException {
        String picture = Files.readString(repository().resolve("docs/architecture.md"));
        for (String room : ARROWS.keySet()) {
            assertThat(picture.lines())
                    .as("rows of docs/architecture.md")
                    .anyMatch(line -> line.startsWith("| `" + room + "`"));
        }
    }

    @Test
    void everyRoomKnowsOnlyTheRoomsThatItMayKnow() {
        ARROWS.forEach((room, known) -> classes()
                .that(room(room))
                .should()
                .onlyDependOnClassesThat(DescribedPredicate.describe(
                        "are in " + known + " or not ours", type -> mayKnow(room, known, type)))
                .check(OURS));
    }

    private static boolean mayKnow(String room, List<String> known, JavaClass type) {
        JavaClass base = type.getBaseComponentType();
        if (!base.getPackageName().startsWith(ROOT)) {
            return true;
        }
        String target = base.getPackageName();
        boolean onTheWire = room.equals("dev.limbic.server.wire")
                && target.equals("dev.limbic.model")
                && base.getSimpleName().matches(".*(Card|Kinds?|Tokens|Picture|Unit)");
        return target.equals(room) || known.contains(target) || onTheWire;
    }

    @Test
    void roomsHaveNoCycles() {
        slices().matching("dev.limbic.(**)").should().beFreeOfCycles().check(OURS);
    }

    @Test
    void foreignLibrariesAreKnownFromOneRoomEach() {
        Map<String, List<String>> homes = Map.ofEntries(
                Map.entry("jcuda..", List.of("dev.limbic.ops.cuda")),
                Map.entry("org.bytedeco.dnnl..", List.of("dev.limbic.ops.cpu")),
                Map.entry("org.bytedeco.leptonica..", List.of("dev.limbic.preprocess.image.codec")),
                Map.entry("org.bytedeco..", List.of("dev.limbic.ops.cpu", "dev.limbic.preprocess.image.codec")),
                Map.entry("java.awt..", List.of("dev.limbic.preprocess.image.codec")),
                Map.entry("javax.imageio..", List.of("dev.limbic.preprocess.image.codec")),
                Map.entry("ai.djl..", List.of("dev.limbic.preprocess.text")),
                Map.entry("io.grpc..", List.of("dev.limbic.server.wire", STUBS)),
                Map.entry("io.netty..", List.of("dev.limbic.server.http")),
                Map.entry("io.micrometer..", List.of("dev.limbic.server.telemetry")),
                Map.entry("ch.qos.logback..", List.of("dev.limbic.server.telemetry")),
                Map.entry("org.snakeyaml..", List.of("dev.limbic.server.config")),
                Map.entry("picocli..", List.of("dev.limbic.server", "dev.limbic.server.command")));
        new TreeMap<>(homes)
                .forEach((library, rooms) -> noClasses()
                        .that(DescribedPredicate.describe(
                                "are outside " + rooms, type -> !rooms.contains(type.getPackageName())))
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage(library)
                        .check(OURS));
    }

    @Test
    void onlyTheConfigurationReadsTheEnvironment() {
        noClasses()
                .that(DescribedPredicate.not(room("dev.limbic.server.config")))
                .should()
                .callMethod(System.class, "getenv")
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .check(OURS);
    }

    @Test
    void everyPackageIsNullMarked() {
        for (JavaPackage each : OURS.getPackage(ROOT).getSubpackagesInTree()) {
            boolean generated = each.getName().equals(STUBS);
            if (!generated && !each.getClasses().isEmpty()) {
                assertThat(each.isAnnotatedWith(NullMarked.class))
                        .as(each.getName() + " needs a package-info.java with @NullMarked")
                        .isTrue();
            }
        }
    }

    @Test
    void noClassIsADrawerForOddsAndEnds() {
        noClasses()
                .should()
                .haveNameMatching(".*(Utils?|Helper|Manager)(\\$.*)?")
                .check(OURS);
    }

    @Test
    void noSourceFileIsTooLong() throws IOException {
        Path repository = repository();
        TreeMap<String, Long> tooLong = new TreeMap<>();
        try (Stream<Path> files = Files.walk(repository)) {
            for (Path file : files.filter(ArchitectureTest::isSource).toList()) {
                try (Stream<String> lines = Files.lines(file)) {
                    long count = lines.count();
                    if (count > MAX_LINES) {
                        tooLong.put(repository.relativize(file).toString(), count);
                    }
                }
            }
        }
        assertThat(tooLong).as("source files over " + MAX_LINES + " lines").isEmpty();
    }

    private static boolean isSource(Path file) {
        String path = file.toString();
        List<String> folders = Arrays.asList(path.split("[/\\\\]", -1));
        boolean built = Stream.of("target", ".venv", "node_modules").anyMatch(folders::contains);
        return !built && Stream.of(".java", ".cu", ".cuh", ".py", ".proto").anyMatch(path::endsWith);
    }

    private static Path repository() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/architecture.md"))) {
            folder = java.util.Objects.requireNonNull(folder.getParent(), "not inside the repository");
        }
        return folder;
    }
}
