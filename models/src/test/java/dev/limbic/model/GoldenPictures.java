package dev.limbic.model;

import static java.util.Objects.requireNonNull;

import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.tensor.HostTensor;
import dev.limbic.weights.Safetensors;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A golden directory of pictures: a model, and what PyTorch computed with it. Made by {@code
 * src/test/python/make_vision_golden.py}.
 *
 * @param path the model folder
 * @param pictures samples of the model's size
 * @param hidden by layer, each [N·H·W, C] row-major; none where the directory has none
 * @param features [N·F]
 * @param logits [N·L]
 */
record GoldenPictures(Path path, List<PreparedImage> pictures, List<float[]> hidden, float[] features, float[] logits) {
    static GoldenPictures open(String name) {
        Path path = folder(name);
        try (Safetensors expected = Safetensors.open(path.resolve("expected.safetensors"))) {
            List<float[]> hidden = new ArrayList<>();
            while (expected.names().contains("hidden." + hidden.size())) {
                hidden.add(expected.tensor("hidden." + hidden.size()).toFloats());
            }
            return new GoldenPictures(
                    model(name),
                    pictures(expected.tensor("pictures")),
                    hidden,
                    expected.tensor("features").toFloats(),
                    expected.tensor("logits").toFloats());
        }
    }

    /** The folder of its model: a directory without one is about one that comes with us. */
    static Path model(String name) {
        Path path = folder(name);
        return Files.exists(path.resolve("config.json")) ? path : Path.of("starter", name);
    }

    static List<PreparedImage> pictures(HostTensor samples) {
        int height = samples.shape().dim(1);
        int width = samples.shape().dim(2);
        int channels = samples.shape().dim(3);
        float[] values = samples.toFloats();
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        int each = height * width * channels;
        List<PreparedImage> pictures = new ArrayList<>();
        for (int n = 0; n < samples.shape().dim(0); n++) {
            pictures.add(
                    new PreparedImage(width, height, channels, Arrays.copyOfRange(bytes, n * each, (n + 1) * each)));
        }
        return pictures;
    }

    static Path folder(String name) {
        try {
            return Path.of(requireNonNull(
                            GoldenPictures.class.getResource("/golden-vision/" + name), "no golden directory " + name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
