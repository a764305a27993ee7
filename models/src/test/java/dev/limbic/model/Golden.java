package dev.limbic.model;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbic.domain.Encoding;
import dev.limbic.tensor.HostTensor;
import dev.limbic.weights.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A golden directory: a tiny model, and what PyTorch computed with it for a flat batch of sequences, each alone. B
 * sequences, T tokens in all. Made by {@code src/test/python/make_golden.py}.
 *
 * @param path the model folder
 * @param sequences token ids of each sequence, [B] of different lengths
 * @param hidden by layer, flat without padding: embeddings first, then the output of each layer, each [T, H] row-major
 * @param pooled what the last linear layer reads, [B][P]
 * @param logits [B][L]
 * @param texts what the tokeniser answers, at the model's limit
 */
public record Golden(
        Path path,
        List<int[]> sequences,
        List<HostTensor> hidden,
        float[][] pooled,
        float[][] logits,
        List<Text> texts) {
    /**
     * A text and its tokens.
     *
     * @param ids with special tokens, [T]
     */
    public record Text(String text, int[] ids, boolean truncated) {}

    /** All golden directories, sorted. */
    public static List<String> names() {
        try (Stream<Path> folders = Files.list(folder(""))) {
            return folders.filter(Files::isDirectory)
                    .map(f -> requireNonNull(f.getFileName()).toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The golden directory of that name. */
    public static Golden open(String name) {
        Path path = folder(name);
        try (Safetensors expected = Safetensors.open(path.resolve("expected.safetensors"))) {
            float[] ids = expected.tensor("input_ids").toFloats();
            float[] bounds = expected.tensor("cu_seqlens").toFloats();
            List<int[]> sequences = new ArrayList<>();
            for (int b = 0; b + 1 < bounds.length; b++) {
                int[] sequence = new int[(int) (bounds[b + 1] - bounds[b])];
                for (int t = 0; t < sequence.length; t++) {
                    sequence[t] = (int) ids[(int) bounds[b] + t];
                }
                sequences.add(sequence);
            }
            List<HostTensor> hidden = new ArrayList<>();
            while (expected.names().contains("hidden." + hidden.size())) {
                HostTensor layer = expected.tensor("hidden." + hidden.size());
                hidden.add(HostTensor.of(layer.shape(), layer.toFloats()));
            }
            return new Golden(
                    path,
                    sequences,
                    hidden,
                    rows(expected.tensor("pooled")),
                    rows(expected.tensor("logits")),
                    texts(path.resolve("texts.json")));
        }
    }

    /** The sequences as a model takes them. */
    public List<Encoding> batch() {
        return sequences.stream().map(ids -> new Encoding(ids, false)).toList();
    }

    private static float[][] rows(HostTensor tensor) {
        float[][] rows = new float[tensor.shape().dim(0)][tensor.shape().dim(1)];
        float[] flat = tensor.toFloats();
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(flat, r * rows[r].length, rows[r], 0, rows[r].length);
        }
        return rows;
    }

    private static List<Text> texts(Path file) {
        try {
            List<Text> texts = new ArrayList<>();
            for (JsonNode entry : new ObjectMapper().readTree(Files.readString(file))) {
                int[] ids = new int[entry.path("ids").size()];
                for (int i = 0; i < ids.length; i++) {
                    ids[i] = entry.path("ids").path(i).intValue();
                }
                texts.add(new Text(
                        entry.path("text").textValue(),
                        ids,
                        entry.path("truncated").booleanValue()));
            }
            return texts;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path folder(String name) {
        try {
            return Path.of(requireNonNull(Golden.class.getResource("/golden/" + name), "no golden directory " + name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
