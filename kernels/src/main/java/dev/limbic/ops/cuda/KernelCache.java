package dev.limbic.ops.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Compiled kernels on disk, so that only the first start compiles. The name of a file is the hash of all that it depends
 * on; a folder that cannot be written only costs time.
 */
final class KernelCache {
    private static final System.Logger LOG = System.getLogger(KernelCache.class.getName());

    private final Path folder;
    private final KernelCompiler compiler;

    KernelCache(Path folder, KernelCompiler compiler) {
        this.folder = folder;
        this.compiler = compiler;
    }

    /** Code of a family, from the folder or the compiler. */
    byte[] code(KernelSource source) {
        Path file = file(source);
        try {
            return Files.readAllBytes(file);
        } catch (IOException absent) {
            return recompile(source);
        }
    }

    /** Code of a family, compiled whatever the folder holds. */
    byte[] recompile(KernelSource source) {
        byte[] code = compiler.compile(source);
        Path file = file(source);
        try {
            Files.createDirectories(folder);
            Path draft = Files.createTempFile(folder, source.name(), ".part");
            Files.write(draft, code);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "compiled kernels cannot be kept in " + folder + ": " + e);
        }
        return code;
    }

    private Path file(KernelSource source) {
        MessageDigest hash;
        try {
            hash = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        hash.update(compiler.key().getBytes(StandardCharsets.UTF_8));
        hash.update(source.text().getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < source.headers().size(); i++) {
            hash.update(source.headerNames().get(i).getBytes(StandardCharsets.UTF_8));
            hash.update(source.headers().get(i).getBytes(StandardCharsets.UTF_8));
        }
        return folder.resolve(
                source.name() + "-" + HexFormat.of().formatHex(hash.digest()).substring(0, 32) + ".bin");
    }
}
