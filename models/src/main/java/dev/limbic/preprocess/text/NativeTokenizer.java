package dev.limbic.preprocess.text;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.limbic.natives.NativeFolder;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;

/**
 * A tokeniser of the Rust library {@code tokenizers}, through the thin JNI layer of DJL rather than DJL's own
 * tokeniser class: that one fetches six arrays per text that nobody reads and reports each start to its makers.
 * Truncation and padding are off. Thread-safe. Freed when unreachable, so that no call can meet a freed handle.
 *
 * <p>The native library (15 MB) is unpacked once per user, see {@link NativeFolder}. Nothing is ever fetched: DJL is put
 * into offline mode before it is loaded.
 */
final class NativeTokenizer {
    private static final Cleaner CLEANER = Cleaner.create();

    static {
        setDefault("ai.djl.offline", "true");
        setDefault("OPT_OUT_TRACKING", "true");
        // Without this, a machine with CUDA looks for a build that the jar does not hold.
        setDefault("RUST_FLAVOR", "cpu");
        NativeFolder.announce("ENGINE_CACHE_DIR");
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

    /** The token type of each token of {@code text}, special ones included. */
    long[] types(String text) {
        try {
            long encoding = TokenizersLibrary.LIB.encode(handle, text, true);
            try {
                return TokenizersLibrary.LIB.getTypeIds(encoding);
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
}
