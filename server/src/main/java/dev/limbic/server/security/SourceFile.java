package dev.limbic.server.security;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/**
 * A file that security depends on.
 *
 * @param key of the configuration that names it
 * @param secret whether others than owner and group must not read it
 */
record SourceFile(String key, Path path, boolean secret) {
    private static final int MAX_BYTES = 1 << 20;

    /** @throws IOException saying which file, what is wrong with it and what to do */
    byte[] read() throws IOException {
        if (!Files.exists(path)) {
            throw wrong("there is no such file");
        }
        if (!Files.isRegularFile(path)) {
            throw wrong("is not a file");
        }
        requireGuarded();
        try (InputStream in = Files.newInputStream(path)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw wrong("is larger than " + MAX_BYTES + " bytes");
            }
            return bytes;
        } catch (java.nio.file.FileSystemException e) {
            throw wrong("cannot be read by this user");
        }
    }

    private void requireGuarded() throws IOException {
        if (!Files.getFileStore(path).supportsFileAttributeView("posix")) {
            return;
        }
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(path);
        if (mode.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw wrong("every user of this machine can change it; chmod o-w");
        }
        if (secret && mode.contains(PosixFilePermission.OTHERS_READ)) {
            throw wrong("every user of this machine can read it; chmod o-r");
        }
    }

    IOException wrong(String what) {
        return new IOException(key + ": " + path + ": " + what);
    }
}
