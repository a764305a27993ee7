package dev.limbic.server.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReloadedTest {
    @TempDir
    private Path folder;

    private Reloaded<String> reloaded(Path file) throws IOException {
        return new Reloaded<>(List.of(new SourceFile("security.tokens", file, true)), contents -> {
            String text = new String(contents.getFirst(), StandardCharsets.UTF_8);
            if (text.startsWith("broken")) {
                throw new IOException("is " + text);
            }
            return text;
        });
    }

    private Path write(String content) throws IOException {
        return Certificates.write(folder.resolve("file"), content);
    }

    @Test
    void aChangeThatLastsIsTakenOver() throws IOException {
        Reloaded<String> file = reloaded(write("one"));
        assertThat(file.look()).isFalse();
        write("two");
        assertThat(file.look()).as("it may still be being written").isFalse();
        assertThat(file.get()).isEqualTo("one");
        assertThat(file.look()).isTrue();
        assertThat(file.get()).isEqualTo("two");
        write("half");
        assertThat(file.look()).isFalse();
        write("whole");
        assertThat(file.look()).isFalse();
        assertThat(file.look()).isTrue();
        assertThat(file.get()).isEqualTo("whole");
        assertThat(file.look()).isFalse();
    }

    @Test
    void whatIsBrokenIsToldOnceAndLeavesTheOldOne() throws IOException {
        Path path = write("one");
        Reloaded<String> file = reloaded(path);
        write("broken a");
        assertThat(file.look()).isFalse();
        assertThatThrownBy(file::look).isInstanceOf(IOException.class).hasMessage("is broken a");
        assertThat(file.look()).isFalse();
        assertThat(file.get()).isEqualTo("one");
        write("broken b");
        assertThat(file.look()).isFalse();
        assertThatThrownBy(file::look).hasMessage("is broken b");
        Files.delete(path);
        assertThat(file.look()).isFalse();
        assertThatThrownBy(file::look).hasMessage("security.tokens: " + path + ": there is no such file");
        assertThat(file.look()).isFalse();
        assertThat(file.get()).isEqualTo("one");
        write("one");
        assertThat(file.look()).isFalse();
        assertThat(file.look()).as("well again").isTrue();
    }

    @Test
    void aLinkThatIsTurnedIsAChange() throws IOException {
        Path first = write("one");
        Path second = Certificates.write(folder.resolve("second"), "two");
        Path link = Files.createSymbolicLink(folder.resolve("link"), first);
        Reloaded<String> file = reloaded(link);
        Files.delete(link);
        Files.createSymbolicLink(link, second);
        assertThat(file.look()).isFalse();
        assertThat(file.look()).isTrue();
        assertThat(file.get()).isEqualTo("two");
    }

    @Test
    void whatEverybodyCanReadOrChangeIsRefused() throws IOException {
        Path path = write("one");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> reloaded(path)).hasMessageContaining("can read it; chmod o-r");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r---w-"));
        assertThatThrownBy(() -> reloaded(path)).hasMessageContaining("can change it; chmod o-w");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r--r-----"));
        assertThat(reloaded(path).get()).isEqualTo("one");
        SourceFile open = new SourceFile("security.tls.certificate", path, false);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(open.read()).isNotEmpty();
        assertThatThrownBy(() -> reloaded(folder)).hasMessageContaining("is not a file");
        byte[] large = new byte[(1 << 20) + 1];
        Files.write(path, large);
        assertThatThrownBy(open::read).hasMessageContaining("is larger than");
    }
}
