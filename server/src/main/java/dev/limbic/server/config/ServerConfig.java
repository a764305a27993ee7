package dev.limbic.server.config;

import dev.limbic.domain.ResponseRules;
import dev.limbic.domain.StreamSlots;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that can be configured; {@code limbic.yaml} beside this class says what each value means.
 *
 * @param models at least one
 */
public record ServerConfig(
        Listen grpc,
        Listen http,
        Security security,
        List<ModelConfig> models,
        Generation generation,
        Dialogue dialogue,
        Frames frames,
        Cuda cuda,
        Batch batch,
        Limits limits,
        int workers,
        Duration grace,
        Log log) {

    /** Where to listen; port 0 for any free one. */
    public record Listen(String host, int port) {}

    /**
     * Who may call. Paths are absolute; whether there is a file is found out where it is read.
     *
     * @param tokens null if none are asked for
     * @param tls null for plaintext
     * @param allowInsecure whether other machines may be listened to without the above
     * @param reloadInterval how often the files are looked at
     */
    public record Security(
            @Nullable Path tokens, @Nullable Tls tls, Open open, boolean allowInsecure, Duration reloadInterval) {
        /** No encryption, no tokens: for a server that only this machine reaches. */
        public static final Security NONE =
                new Security(null, null, new Open(false, false, false), false, Duration.ofSeconds(5));

        /** Whether certificates or tokens are asked for. */
        public boolean isAsked() {
            return tls != null || tokens != null;
        }

        /**
         * Certificates and keys, in PEM.
         *
         * @param clientAuthorities null if clients are not asked for certificates
         * @param clientsMust whether each call needs a client's certificate
         */
        public record Tls(
                Path certificate, Path key, @Nullable Path clientAuthorities, boolean clientsMust) {}

        /** What everybody may ask. */
        public record Open(boolean health, boolean reflection, boolean metrics) {}
    }

    /**
     * A model to load; what kind it is stands in its folder.
     *
     * @param path existing folder, absolute
     * @param cacheBytes most memory for the cache of keys and values, if it is a language model
     * @param slots streams at a time that it remembers, if it is a model for video
     * @param isDefault whether requests without a model name go to it, among those of its kind
     */
    public record ModelConfig(
            String name,
            Path path,
            DeviceChoice device,
            PrecisionChoice precision,
            long cacheBytes,
            int slots,
            boolean isDefault) {
        /** One that remembers no streams, or as many as usual. */
        public ModelConfig(
                String name,
                Path path,
                DeviceChoice device,
                PrecisionChoice precision,
                long cacheBytes,
                boolean isDefault) {
            this(name, path, device, precision, cacheBytes, StreamSlots.USUAL, isDefault);
        }

        /** The same in another precision. */
        public ModelConfig in(PrecisionChoice other) {
            return new ModelConfig(name, path, device, other, cacheBytes, slots, isDefault);
        }
    }

    /**
     * How texts are generated, per model.
     *
     * @param maxSequences most texts that gain tokens at a time
     * @param chunkTokens most prompt tokens in a step
     * @param queue most texts that wait
     */
    public record Generation(int maxSequences, int chunkTokens, int queue) {}

    /**
     * How conversations are held.
     *
     * @param maxTurns most turns that are remembered
     */
    public record Dialogue(ResponseRules strategies, int maxTurns) {}

    /**
     * How the frames of streams are looked at.
     *
     * @param maxRate most frames of a subject in a second
     * @param maxSubjects most subjects of a stream
     * @param forgetAfter silence after which a subject is forgotten
     */
    public record Frames(double maxRate, int maxSubjects, Duration forgetAfter, Smoothing smoothing) {
        /** The one-euro filter: the cutoff of logits that rest, in Hz, and what their speed adds to it. */
        public record Smoothing(double minCutoff, double beta) {}
    }

    /** Which device a model shall run on. */
    public enum DeviceChoice {
        AUTO,
        CPU,
        CUDA
    }

    /** Which precision a model shall compute in. */
    public enum PrecisionChoice {
        AUTO,
        F32,
        F16,
        BF16,
        INT8
    }

    /**
     * The CUDA device, opened if a model may use it.
     *
     * @param ordinal which chip, counted from 0
     * @param kernelCache folder of compiled kernels, absolute
     * @param graphs whether repeated work is recorded and replayed
     */
    public record Cuda(int ordinal, Path kernelCache, boolean graphs) {}

    /** How requests are gathered into batches. */
    public record Batch(int maxTokens, int maxPixels, int maxRows, int queueRows, Duration maxDelay) {}

    /**
     * What the server accepts.
     *
     * @param maxBytesInFlight most that all calls hold together
     */
    public record Limits(
            int maxConnections,
            int maxTextBytes,
            int maxImageBytes,
            int maxMessageBytes,
            int maxInFlightPerStream,
            int maxCalls,
            int maxCallsPerConnection,
            long maxBytesInFlight,
            Duration keepAlive) {}

    /** How to log. */
    public record Log(Format format, Level level) {
        /** How a log line looks. */
        public enum Format {
            TEXT,
            JSON
        }

        /** The least severe events that are logged. */
        public enum Level {
            ERROR,
            WARN,
            INFO,
            DEBUG
        }
    }
}
