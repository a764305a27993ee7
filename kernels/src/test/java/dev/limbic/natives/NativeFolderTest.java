package dev.limbic.natives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Which folders are taken for natives and which are not. */
@DisabledOnOs(OS.WINDOWS)
class NativeFolderTest {
    @TempDir
    private Path root;

    private static Path folder(Path path, String permissions) throws IOException {
        Files.createDirectories(path);
        return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    private void assertRefused(Path folder, String why) {
        assertThatThrownBy(() -> NativeFolder.first(List.of(folder)))
                .isInstanceOf(NativeFolderException.class)
                .hasMessageContaining(folder + ": " + why)
                .hasMessageContaining("LIMBIC_JAVA_OPTS=-Dlimbic.natives=FOLDER")
                .hasMessageNotContaining("Exception");
    }

    @Test
    void anAbsentFolderIsMadeForItsOwnerAloneAndTakenAgain() throws IOException {
        Path wanted = root.resolve("a/b/natives");
        assertThat(NativeFolder.first(List.of(wanted))).isEqualTo(wanted);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(wanted)))
                .isEqualTo("rwx------");
        assertThat(NativeFolder.first(List.of(wanted))).isEqualTo(wanted);
        try (Stream<Path> left = Files.list(wanted)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void whatOthersMayReadIsTaken() throws IOException {
        Path wanted = folder(root.resolve("natives"), "rwxr-xr-x");
        assertThat(NativeFolder.first(List.of(wanted))).isEqualTo(wanted);
    }

    @Test
    void theNextOneIsTakenWhereTheFirstCannotBeMade() {
        Path wanted = root.resolve("natives");
        assertThat(NativeFolder.first(List.of(Path.of("/dev/null/home/natives"), wanted)))
                .isEqualTo(wanted);
    }

    @Test
    void whatOthersMayWriteIsRefused() throws IOException {
        assertRefused(folder(root.resolve("group"), "rwxrwx---"), "others may write into it");
        assertRefused(folder(root.resolve("all"), "rwxrwxrwx"), "others may write into it");
    }

    @Test
    void whatLiesWhereAllMayWriteIsRefusedUnlessOnlyOwnersMayRemove() throws IOException {
        Path open = folder(root.resolve("open"), "rwxrwxrwx");
        assertRefused(open.resolve("natives"), "anybody may put another in its place");
        int sticky = 01777;
        Files.setAttribute(open, "unix:mode", sticky);
        assertThat(NativeFolder.first(List.of(open.resolve("natives")))).isEqualTo(open.resolve("natives"));
    }

    @Test
    void aLinkAndAFileAreRefused() throws IOException {
        Path real = folder(root.resolve("real"), "rwx------");
        assertRefused(Files.createSymbolicLink(root.resolve("link"), real), "a file or a link");
        assertRefused(Files.createFile(root.resolve("file")), "a file or a link");
        assertRefused(root.resolve("file/natives"), "a file where a folder is expected");
        assertRefused(Files.createSymbolicLink(root.resolve("dangling"), root.resolve("x")), "a file or a link");
        assertThat(root.resolve("x")).doesNotExist();
    }

    @Test
    void theFolderOfAnotherUserIsRefused() throws IOException {
        Path strange = folder(root.resolve("strange"), "rwx------");
        int nobody = 65534;
        try {
            Files.setAttribute(strange, "unix:uid", nobody, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException notRoot) {
            Assumptions.abort("only root can give a folder to another user");
        }
        assertRefused(strange, "it belongs to user 65534, this is user 0");
    }

    @Test
    void aLibraryThatIsNotTheSameIsReplacedAndNothingElseStays() throws IOException {
        byte[] library = "library".getBytes(StandardCharsets.UTF_8);
        String name = "limbic-test-" + ProcessHandle.current().pid() + ".so";
        Path file = NativeFolder.path().resolve(name);
        try {
            for (String found : List.of("", "libr", "lobrary", "library and more")) {
                Files.writeString(file, found);
                NativeFolder.put(name, library);
                assertThat(file).hasBinaryContent(library);
            }
            try (Stream<Path> all = Files.list(NativeFolder.path())) {
                assertThat(all.filter(each -> each.getFileName().toString().startsWith(name)))
                        .containsExactly(file);
            }
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
