package dev.limbic.server.security;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What was read from files, read again when they change. What is broken or missing leaves the last good one in place
 * and is told once. {@link #get} from any thread, {@link #look} from one.
 */
final class Reloaded<T> {
    /** Makes the thing out of the files' contents. */
    interface Loader<T> {
        /**
         * Makes it anew.
         *
         * @throws IOException saying what is wrong with them
         */
        T load(List<byte[]> contents) throws IOException;
    }

    private final List<SourceFile> files;
    private final Loader<T> loader;
    private volatile T current;
    /** What is in use or was complained about. */
    private String settled;
    /** What was there at the last look: files may be caught while they are being written, so a change must last. */
    private String seen;

    /** @throws IOException if it cannot be loaded */
    Reloaded(List<SourceFile> files, Loader<T> loader) throws IOException {
        this.files = List.copyOf(files);
        this.loader = loader;
        List<byte[]> contents = read();
        this.current = loader.load(contents);
        this.settled = digest(contents);
        this.seen = settled;
    }

    /** The last good one. */
    T get() {
        return current;
    }

    /**
     * Looks at the files.
     *
     * @return whether there is a new one
     * @throws IOException if what is there now is not good; only the first time
     */
    boolean look() throws IOException {
        List<byte[]> contents = List.of();
        IOException problem = null;
        String state;
        try {
            contents = read();
            state = digest(contents);
        } catch (IOException e) {
            problem = e;
            state = String.valueOf(e.getMessage());
        }
        boolean lasts = state.equals(seen);
        seen = state;
        if (!lasts || state.equals(settled)) {
            return false;
        }
        settled = state;
        if (problem != null) {
            throw problem;
        }
        current = loader.load(contents);
        return true;
    }

    private List<byte[]> read() throws IOException {
        List<byte[]> contents = new ArrayList<>();
        for (SourceFile file : files) {
            contents.add(file.read());
        }
        return contents;
    }

    private static String digest(List<byte[]> contents) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] content : contents) {
                digest.update(MessageDigest.getInstance("SHA-256").digest(content));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JVM has it
        }
    }
}
