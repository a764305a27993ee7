package dev.limbic.model;

import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.tensor.HostTensor;
import dev.limbic.weights.Safetensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A golden directory of video, as {@link GoldenPictures}: N clips of T frames.
 *
 * @param path the model folder
 * @param clips frames of the model's size, [N][T]
 * @param logits of each clip and frame, [N][T][L]
 * @param state parts in the order of the pool, each [N, H] row-major: of each layer the hidden state, of an LSTM then the cells
 */
record GoldenVideo(Path path, List<List<PreparedImage>> clips, float[][][] logits, List<float[]> state) {
    static GoldenVideo open(String name) {
        try (Safetensors expected = Safetensors.open(GoldenPictures.folder(name).resolve("expected.safetensors"))) {
            HostTensor logits = expected.tensor("logits");
            int clips = logits.shape().dim(0);
            int frames = logits.shape().dim(1);
            int labels = logits.shape().dim(2);
            float[][][] byFrame = new float[clips][frames][];
            float[] flat = logits.toFloats();
            for (int n = 0; n < clips; n++) {
                for (int t = 0; t < frames; t++) {
                    int from = (n * frames + t) * labels;
                    byFrame[n][t] = Arrays.copyOfRange(flat, from, from + labels);
                }
            }
            return new GoldenVideo(
                    GoldenPictures.model(name), clips(expected.tensor("pictures")), byFrame, state(expected));
        }
    }

    private static List<List<PreparedImage>> clips(HostTensor samples) {
        int frames = samples.shape().dim(1);
        int height = samples.shape().dim(2);
        int width = samples.shape().dim(3);
        int channels = samples.shape().dim(4);
        int each = height * width * channels;
        List<List<PreparedImage>> clips = new ArrayList<>();
        for (int n = 0; n < samples.shape().dim(0); n++) {
            List<PreparedImage> clip = new ArrayList<>();
            for (int t = 0; t < frames; t++) {
                byte[] bytes = new byte[each];
                for (int i = 0; i < each; i++) {
                    bytes[i] = (byte) samples.get((long) (n * frames + t) * each + i);
                }
                clip.add(new PreparedImage(width, height, channels, bytes));
            }
            clips.add(clip);
        }
        return clips;
    }

    private static List<float[]> state(Safetensors expected) {
        HostTensor hidden = expected.tensor("state.h"); // [layers, N, H]
        int layers = hidden.shape().dim(0);
        int part = hidden.shape().dim(1) * hidden.shape().dim(2);
        List<float[]> parts = new ArrayList<>();
        for (int k = 0; k < layers; k++) {
            for (String name : List.of("state.h", "state.c")) {
                if (expected.names().contains(name)) {
                    parts.add(Arrays.copyOfRange(expected.tensor(name).toFloats(), k * part, (k + 1) * part));
                }
            }
        }
        return parts;
    }
}
