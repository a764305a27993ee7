package dev.limbic.natives;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Where the native libraries that come inside jars are unpacked: a folder of this user that is kept from start to start.
 * What lies there is loaded and run, so it must be the user's own, a real folder and no link, and nobody else may write
 * into it. It is the first of these that is or can be made so: {@code -Dlimbic.natives=…} alone if it is given, else
 * {@code ~/.cache/limbic/natives}, else {@code limbic-natives-USER} among the temporary files.
 *
 * <p>Thread-safe. The folder is chosen once per process, when it is first asked for.
 */
public final class NativeFolder {
    private static final String CHOICE = "limbic.natives";
    private static final int WRITABLE_BY_OTHERS = 0022;
    private static final int WRITABLE_BY_ALL = 0002;
    private static final int STICKY = 01000;

    private static @Nullable Path chosen;

    private NativeFolder() {}

    /**
     * The folder.
     *
     * @throws NativeFolderException if none can be had
     */
    public static synchronized Path path() {
        Path folder = chosen;
        if (folder == null) {
            folder = first(candidates());
            chosen = folder;
        }
        return folder;
    }

    /**
     * Names the folder to a library through the system property that it reads, unless the user has set that. Call it before
     * the first class of the library is loaded.
     *
     * @throws NativeFolderException if none can be had
     */
    public static void announce(String property) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, path().toString());
        }
    }

    /**
     * Puts a library into the folder unless the same one lies there. Other processes see all of it or nothing.
     *
     * @param name of the file
     * @param library its bytes
     * @throws NativeFolderException if it cannot be written
     */
    public static void put(String name, byte[] library) {
        Path folder = path();
        Path file = folder.resolve(name);
        try {
            if (Files.isRegularFile(file) && Arrays.equals(Files.readAllBytes(file), library)) {
                return;
            }
            Path draft = Files.createTempFile(folder, name, ".part");
            try {
                Files.write(draft, library);
                Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(draft);
            }
        } catch (IOException e) {
            throw unavailable(file + ": " + reason(e));
        }
    }

    private static List<Path> candidates() {
        String choice = System.getProperty(CHOICE);
        if (choice != null) {
            return List.of(Path.of(choice));
        }
        return List.of(
                Path.of(System.getProperty("user.home", ""), ".cache", "limbic", "natives"),
                Path.of(System.getProperty("java.io.tmpdir", ""), "limbic-natives-" + System.getProperty("user.name")));
    }

    /** The first folder that is private, made if it is absent. */
    static Path first(List<Path> candidates) {
        StringJoiner found = new StringJoiner("; ");
        for (Path candidate : candidates) {
            Path folder = candidate.toAbsolutePath().normalize();
            try {
                claim(folder);
                return folder;
            } catch (IOException e) {
                found.add(folder + ": " + reason(e));
            }
        }
        throw unavailable(found.toString());
    }

    private static NativeFolderException unavailable(String found) {
        return new NativeFolderException(
                "native libraries need a folder that this user and nobody else can write, found " + found
                        + ". Name one that allows to run programs: LIMBIC_JAVA_OPTS=-D" + CHOICE + "=FOLDER");
    }

    private static void claim(Path folder) throws IOException {
        boolean unix = folder.getFileSystem().supportedFileAttributeViews().contains("unix");
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            Path parent = folder.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            make(folder, unix);
        }
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("a file or a link where a folder is expected");
        }
        Path probe = Files.createTempFile(folder, "probe", ""); // can it be written, and who are we?
        try {
            if (unix) {
                requirePrivate(folder, probe);
            }
        } finally {
            Files.delete(probe);
        }
    }

    private static void make(Path folder, boolean unix) throws IOException {
        FileAttribute<?>[] attributes = unix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
        try {
            Files.createDirectory(folder, attributes);
        } catch (FileAlreadyExistsException raced) {
            // Somebody was faster; who, is checked like for any folder that was there before.
        }
    }

    private static void requirePrivate(Path folder, Path ours) throws IOException {
        Object owner = attribute(folder, "uid");
        Object self = attribute(ours, "uid");
        if (!owner.equals(self)) {
            throw new IOException("it belongs to user " + owner + ", this is user " + self);
        }
        if ((mode(folder) & WRITABLE_BY_OTHERS) != 0) {
            throw new IOException("others may write into it (chmod 700 after a look at what lies there)");
        }
        for (Path above = folder.toRealPath().getParent(); above != null; above = above.getParent()) {
            if ((mode(above) & (WRITABLE_BY_ALL | STICKY)) == WRITABLE_BY_ALL) {
                throw new IOException("anybody may put another in its place, since all may write into " + above);
            }
        }
    }

    private static int mode(Path path) throws IOException {
        return (Integer) attribute(path, "mode");
    }

    private static Object attribute(Path path, String name) throws IOException {
        return Files.getAttribute(path, "unix:" + name, LinkOption.NOFOLLOW_LINKS);
    }

    private static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException denied -> "this user may not write there";
            case FileAlreadyExistsException exists -> "a file where a folder is expected";
            case FileSystemException failed when failed.getReason() != null -> failed.getReason();
            case FileSystemException failed -> "it cannot be made";
            default -> String.valueOf(e.getMessage());
        };
    }
}
