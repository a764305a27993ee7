package dev.limbic.ops.cuda;

import dev.limbic.natives.NativeFolder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import jcuda.JCudaVersion;
import jcuda.LibUtils;

/**
 * Loads JCuda's own natives from the private folder. JCuda unpacks a library among the temporary files and loads what it
 * finds there under that name, whoever put it there; it has no other setting than the name of the temporary folder.
 */
final class CudaNatives {
    private static final String TEMPORARY = "java.io.tmpdir";

    private CudaNatives() {}

    /**
     * Loads a library.
     *
     * @param name as JCuda's class for it, such as {@code JNvrtc}
     * @param firstUse of that class in this process, which makes JCuda load the library
     * @throws dev.limbic.natives.NativeFolderException if there is no private folder
     * @throws UnsatisfiedLinkError if there is no library for this system, or one that it needs is missing
     */
    static synchronized void load(String name, Runnable firstUse) {
        String file =
                LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName(name + "-" + JCudaVersion.get()));
        NativeFolder.put(file, resource("/lib/" + file));
        String temporary = System.getProperty(TEMPORARY, "");
        System.setProperty(TEMPORARY, NativeFolder.path().toString());
        try {
            firstUse.run();
        } finally {
            System.setProperty(TEMPORARY, temporary);
        }
    }

    private static byte[] resource(String path) {
        try (InputStream in = LibUtils.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new UnsatisfiedLinkError(path + " is not on the class path");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(path, e);
        }
    }
}
