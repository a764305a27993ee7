package dev.limbic.preprocess.text;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A tokeniser of the Rust library {@code tokenizers}, through the thin JNI layer of DJL rather than DJL's own
 * tokeniser class: that one fetches six arrays per text that nobody reads and reports each start to its makers.
 * Truncation and padding are off. Thread-safe. Freed when unreachable, so that no call can meet a freed handle.
 *
 * <p>The native library (15 MB) is unpacked once per user into {@code ~/.cache/limbic/natives}, or into a fresh
 * temporary folder where the home folder is read-only; {@code -DENGINE_CACHE_DIR=…} names another place. Nothing
 * is ever fetched: DJL is put into offline mode before it is loaded.
 */
final class NativeTokenizer {
    private static final Cleaner CLEANER = Cleaner.create();

    static {
        setDefault("ai.djl.offline", "true");
        setDefault("OPT_OUT_TRACKING", "true");
        // Without this, a machine with CUDA looks for a build that the jar does not hold.
        setDefault("RUST_FLAVOR", "cpu");
        if (System.getProperty("ENGINE_CACHE_DIR") == null && System.getProperty("DJL_CACHE_DIR") == null) {
            System.setProperty("ENGINE_CACHE_DIR", cacheFolder().toString());
        }
        LibUtils.checkStatus();
    }

    private final long handle;

    /**
     * Loads a tokeniser.
     *
     * @param json content of a tokenizer.json
     * @throws RuntimeException if the library refuses it
     */
    NativeTokenizer(String json) {
        long created = TokenizersLibrary.LIB.createTokenizerFromString(json);
        handle = created;
        CLEANER.register(this, () -> TokenizersLibrary.LIB.deleteTokenizer(created));
        TokenizersLibrary.LIB.disablePadding(handle);
        TokenizersLibrary.LIB.disableTruncation(handle);
    }

    /** All token ids of {@code text}, which must be well-formed UTF-16. */
    long[] encode(String text, boolean addSpecialTokens) {
        try {
            long encoding = TokenizersLibrary.LIB.encode(handle, text, addSpecialTokens);
            try {
                return TokenizersLibrary.LIB.getTokenIds(encoding);
            } finally {
                TokenizersLibrary.LIB.deleteEncoding(encoding);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private static void setDefault(String key, String value) {
        if (System.getProperty(key) == null) {
            System.setProperty(key, value);
        }
    }

    private static Path cacheFolder() {
        Path home = Path.of(System.getProperty("user.home", "."));
        if (Files.isDirectory(home) && Files.isWritable(home)) {
            return home.resolve(".cache").resolve("limbic").resolve("natives");
        }
        try {
            return Files.createTempDirectory("limbic-natives");
        } catch (IOException e) {
            throw new UncheckedIOException("no writable folder for the native tokeniser", e);
        }
    }
}
