package dev.limbic.bench;

import dev.limbic.domain.Affect;
import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.ResponseRules;
import dev.limbic.domain.Text;
import dev.limbic.model.ClassifierCard;
import dev.limbic.model.Kinds;
import dev.limbic.model.Model;
import dev.limbic.server.config.ServerConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A model with 28 labels that computes nothing, or for a fixed time per batch, to measure the service around it. */
final class IdleModel implements Model<Text, Encoding, float[], Emotions> {
    private static final int LABELS = 28;
    private static final int LONGEST = 128;
    private static final ResponseRules SILENT = new ResponseRules(
            0,
            1,
            List.of(new ResponseRules.Rule(
                    "keep", CanonicalEmotion.NEUTRAL, CanonicalEmotion.NEUTRAL, 0, false, "", List.of("."))));

    private final ClassifierCard card;
    private final long computeNanos;

    IdleModel(String name, int computeMicros) {
        this.computeNanos = computeMicros * 1000L;
        List<String> labels =
                IntStream.range(0, LABELS).mapToObj(i -> "label" + i).toList();
        this.card = new ClassifierCard(
                name,
                Kinds.TEXT.name(),
                "Idle",
                labels,
                true,
                "goemotions",
                new ClassifierCard.Tokens(LONGEST),
                0,
                "f32",
                "cpu");
    }

    /** A server configuration for it, on free loopback ports. */
    static ServerConfig config(String name) {
        return new ServerConfig(
                new ServerConfig.Listen("127.0.0.1", 0),
                new ServerConfig.Listen("127.0.0.1", 0),
                ServerConfig.Security.NONE,
                List.of(new ServerConfig.ModelConfig(
                        name, Path.of(""), ServerConfig.DeviceChoice.CPU, ServerConfig.PrecisionChoice.F32, 1, true)),
                new ServerConfig.Generation(1, 1, 1),
                new ServerConfig.Dialogue(SILENT, 2),
                new ServerConfig.Frames(60, 16, Duration.ofSeconds(10), new ServerConfig.Frames.Smoothing(1, 0.2)),
                new ServerConfig.Cuda(0, Path.of(""), false),
                new ServerConfig.Batch(2048, 1 << 20, 64, 1024, Duration.ZERO),
                new ServerConfig.Limits(
                        4096, 16_384, 1 << 20, 65_536, 32, 8192, 2048, 1L << 30, Duration.ofSeconds(60)),
                Math.max(2, Runtime.getRuntime().availableProcessors()),
                Duration.ofSeconds(1),
                new ServerConfig.Log(ServerConfig.Log.Format.TEXT, ServerConfig.Log.Level.WARN));
    }

    @Override
    public ClassifierCard card() {
        return card;
    }

    @Override
    public Encoding prepare(Text input) {
        return new Encoding(new int[expectedCost(input)], false);
    }

    @Override
    public int expectedCost(Text input) {
        return Math.min(LONGEST, 2 + input.text().length() / 4);
    }

    @Override
    public boolean isQuick(Text input) {
        return true;
    }

    @Override
    public List<float[]> run(List<Encoding> batch) {
        long end = System.nanoTime() + computeNanos;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        return batch.stream().map(row -> new float[LABELS]).toList();
    }

    @Override
    public Emotions interpret(float[] logits) {
        float[] canonical = new float[8];
        Arrays.fill(canonical, 1f / 8);
        return new Emotions(logits, logits.clone(), List.of(0), canonical, Affect.NEUTRAL, 0);
    }

    @Override
    public void close() {}
}
