package dev.limbic.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Image;
import dev.limbic.model.Kinds;
import dev.limbic.model.Loading;
import dev.limbic.model.Model;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.preprocess.image.ProcessorConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * A network that peers have too, as {@code bench/peers/make_vision.py} writes it.
 *
 * @param pictures as they lie in {@code pictures.u8}
 */
record PeerNet(Path folder, ImageSettings settings, List<PreparedImage> pictures) {
    static PeerNet read(Path folder) throws IOException {
        byte[] all = Files.readAllBytes(folder.resolve("pictures.u8"));
        int channels = new ObjectMapper()
                .readTree(folder.resolve("config.json").toFile())
                .path("num_channels")
                .asInt(3);
        ImageSettings settings = ProcessorConfig.read(folder, channels);
        ImageSettings.Size size = settings.size();
        int bytes = size.width() * size.height() * channels;
        if (all.length == 0 || all.length % bytes != 0) {
            throw new IOException(
                    folder + ": expected pictures of " + bytes + " bytes, found " + all.length + " in all");
        }
        List<PreparedImage> pictures = new ArrayList<>();
        for (int from = 0; from < all.length; from += bytes) {
            pictures.add(new PreparedImage(
                    size.width(), size.height(), channels, Arrays.copyOfRange(all, from, from + bytes)));
        }
        return new PeerNet(folder, settings, pictures);
    }

    String name() {
        return folder.getFileName().toString();
    }

    /** Files for ONNX Runtime whose names begin so. */
    List<Path> onnx(String prefix) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> {
                        String name = file.getFileName().toString();
                        return name.startsWith(prefix) && name.endsWith(".onnx");
                    })
                    .sorted()
                    .toList();
        }
    }

    /** f32 [N, C, H, W] of the first pictures, normalised. */
    float[] pixels(int count) {
        int channels = settings.channels();
        int plane = settings.size().width() * settings.size().height();
        float[] pixels = new float[count * channels * plane];
        for (int n = 0; n < count; n++) {
            float[] interleaved = settings.normalisation().apply(pictures.get(n));
            for (int i = 0; i < interleaved.length; i++) {
                pixels[(n * channels + i % channels) * plane + i / channels] = interleaved[i];
            }
        }
        return pixels;
    }

    /** The model in our own engine. */
    Model<Image, PreparedImage, float[], Emotions> load(Device device, Precision precision) {
        return Kinds.IMAGE.load(new Loading(folder, name(), device, precision));
    }

    /** Logits of the first pictures, one after the other. */
    float[] logits(Model<Image, PreparedImage, float[], Emotions> model, int count) {
        List<float[]> rows = model.run(pictures.subList(0, count));
        float[] logits = new float[count * rows.getFirst().length];
        for (int i = 0; i < count; i++) {
            System.arraycopy(rows.get(i), 0, logits, i * rows.getFirst().length, rows.getFirst().length);
        }
        return logits;
    }
}
