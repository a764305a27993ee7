package dev.limbic.ops.cuda;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Machine code as it lies in files: under a name that is the hash of all that it depends on, and with its own SHA-256 behind
 * it. The driver trusts what it is given; half a file would end the process.
 */
final class SealedCode {
    private static final int CHECK_BYTES = 32;

    private SealedCode() {}

    /**
     * Name of the file.
     *
     * @param key everything beside the source that the code depends on
     */
    static String name(KernelSource source, String key) {
        List<byte[]> parts = new ArrayList<>();
        parts.add(key.getBytes(StandardCharsets.UTF_8));
        parts.add(source.text().getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < source.headers().size(); i++) {
            parts.add(source.headerNames().get(i).getBytes(StandardCharsets.UTF_8));
            parts.add(source.headers().get(i).getBytes(StandardCharsets.UTF_8));
        }
        String hash = HexFormat.of().formatHex(sha256(parts.toArray(byte[][]::new)));
        return source.name() + "-" + hash.substring(0, 32) + ".bin";
    }

    static byte[] seal(byte[] code) {
        byte[] sealed = Arrays.copyOf(code, code.length + CHECK_BYTES);
        System.arraycopy(sha256(code), 0, sealed, code.length, CHECK_BYTES);
        return sealed;
    }

    /** The code, or nothing when it is damaged. */
    static Optional<byte[]> open(byte[] sealed) {
        byte[] code = Arrays.copyOf(sealed, Math.max(0, sealed.length - CHECK_BYTES));
        byte[] check = Arrays.copyOfRange(sealed, code.length, sealed.length);
        return Arrays.equals(check, sha256(code)) ? Optional.of(code) : Optional.empty();
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
}
