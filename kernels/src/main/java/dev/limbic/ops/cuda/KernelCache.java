package dev.limbic.ops.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Compiled kernels on disk, so that only the first start compiles. The name of a file is the hash of all that it depends
 * on; a folder that cannot be written only costs time.
 */
final class KernelCache {
    private static final System.Logger LOG = System.getLogger(KernelCache.class.getName());

    /** Behind the code stands its SHA-256. */
    private static final int CHECK_BYTES = 32;

    private final Path folder;
    private final KernelCompiler compiler;
    private boolean told;

    KernelCache(Path folder, KernelCompiler compiler) {
        this.folder = folder;
        this.compiler = compiler;
    }

    /** Code of a family, from the folder or the compiler. */
    byte[] code(KernelSource source) {
        try {
            byte[] kept = Files.readAllBytes(file(source));
            // The driver trusts what it is given; half a file would end the process.
            byte[] code = Arrays.copyOf(kept, Math.max(0, kept.length - CHECK_BYTES));
            byte[] check = Arrays.copyOfRange(kept, code.length, kept.length);
            return Arrays.equals(check, sha256(code)) ? code : recompile(source);
        } catch (IOException absent) {
            return recompile(source);
        }
    }

    /** Code of a family, compiled whatever the folder holds. */
    byte[] recompile(KernelSource source) {
        byte[] code = compiler.compile(source);
        try {
            keep(file(source), code);
        } catch (IOException e) {
            if (!told) {
                told = true;
                LOG.log(System.Logger.Level.WARNING, "compiled kernels cannot be kept in " + folder + ": " + e);
            }
        }
        return code;
    }

    private void keep(Path file, byte[] code) throws IOException {
        Files.createDirectories(folder);
        Path draft = Files.createTempFile(folder, "kernel", ".part");
        try {
            Files.write(draft, code);
            Files.write(draft, sha256(code), StandardOpenOption.APPEND);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    private static byte[] sha256(byte[]... parts) {
        MessageDigest hash;
        try {
            hash = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        for (byte[] part : parts) {
            hash.update(part);
        }
        return hash.digest();
    }

    private Path file(KernelSource source) {
        List<byte[]> parts = new ArrayList<>();
        parts.add(compiler.key().getBytes(StandardCharsets.UTF_8));
        parts.add(source.text().getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < source.headers().size(); i++) {
            parts.add(source.headerNames().get(i).getBytes(StandardCharsets.UTF_8));
            parts.add(source.headers().get(i).getBytes(StandardCharsets.UTF_8));
        }
        String hash = HexFormat.of().formatHex(sha256(parts.toArray(byte[][]::new)));
        return folder.resolve(source.name() + "-" + hash.substring(0, 32) + ".bin");
    }
}
