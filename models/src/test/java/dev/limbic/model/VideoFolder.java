package dev.limbic.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.ops.Recurrent.Cell;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.weights.Safetensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;

/**
 * A model for video whose frame model is that of a golden directory and whose other weights are random, and what it computes:
 * PyTorch's equations, one number after the other, in double.
 */
final class VideoFolder {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Cell cell;
    private final int layers;
    private final int hidden;
    private final int labels;
    private final Map<String, HostTensor> tensors = new TreeMap<>();
    private final Random random;

    VideoFolder(Cell cell, int layers, int hidden, int labels, long seed) {
        this.cell = cell;
        this.layers = layers;
        this.hidden = hidden;
        this.labels = labels;
        this.random = new Random(seed);
    }

    /**
     * Writes the folder.
     *
     * @param golden directory of the frame model
     * @param features that it gives
     */
    void write(Path folder, String golden, int features) throws IOException {
        Path frame = GoldenPictures.model(golden);
        int rows = cell.gates() * hidden;
        for (int k = 0; k < layers; k++) {
            tensor("rnn.weight_ih_l" + k, rows, k == 0 ? features : hidden);
            tensor("rnn.weight_hh_l" + k, rows, hidden);
            tensor("rnn.bias_ih_l" + k, rows);
            tensor("rnn.bias_hh_l" + k, rows);
        }
        tensor("classifier.weight", labels, hidden);
        tensor("classifier.bias", labels);
        ObjectNode config = MAPPER.createObjectNode();
        config.putArray("architectures").add("LimbicVideoClassifier");
        config.put("model_type", "limbic_video");
        config.set("frame", MAPPER.readTree(Files.readString(frame.resolve("config.json"))));
        config.put("cell", cell.name().toLowerCase(Locale.ROOT));
        config.put("hidden_size", hidden);
        config.put("num_layers", layers);
        config.put("num_labels", labels);
        Files.writeString(folder.resolve("config.json"), config.toString());
        Files.copy(frame.resolve("preprocessor_config.json"), folder.resolve("preprocessor_config.json"));
        try (Safetensors seen = Safetensors.open(frame)) {
            Map<String, HostTensor> all = new TreeMap<>(tensors);
            for (String name : seen.names()) {
                if (!name.startsWith("classifier.") && !name.endsWith("num_batches_tracked")) {
                    all.put("frame." + name, seen.tensor(name));
                }
            }
            Files.write(folder.resolve("model.safetensors"), file(all));
        }
    }

    private void tensor(String name, int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (0.4 * random.nextGaussian());
        }
        tensors.put(name, HostTensor.of(shape, values));
    }

    private static byte[] file(Map<String, HostTensor> tensors) throws IOException {
        ObjectNode header = MAPPER.createObjectNode();
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (Map.Entry<String, HostTensor> each : tensors.entrySet()) {
            HostTensor tensor = each.getValue();
            float[] values = tensor.toFloats();
            ObjectNode entry = header.putObject(each.getKey());
            entry.put("dtype", "F32");
            for (int i = 0; i < tensor.shape().rank(); i++) {
                entry.withArray("shape").add(tensor.shape().dim(i));
            }
            entry.putArray("data_offsets").add(data.size()).add(data.size() + 4 * values.length);
            ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            data.write(bytes.array());
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + text.length + data.size()).order(ByteOrder.LITTLE_ENDIAN);
        return file.putLong(text.length).put(text).put(data.toByteArray()).array();
    }

    /**
     * Logits of a stream from its first frame on.
     *
     * @param features of its frames, [T][F]
     * @return [T][L]
     */
    double[][] expected(double[][] features) {
        double[][] x = features;
        for (int k = 0; k < layers; k++) {
            x = layer(k, x);
        }
        double[][] logits = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            logits[t] = product("classifier.weight", "classifier.bias", x[t]);
        }
        return logits;
    }

    private double[][] layer(int k, double[][] x) {
        double[] h = new double[hidden];
        double[] c = new double[hidden];
        double[][] outputs = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            double[] in = product("rnn.weight_ih_l" + k, "rnn.bias_ih_l" + k, x[t]);
            double[] back = product("rnn.weight_hh_l" + k, "rnn.bias_hh_l" + k, h);
            double[] next = new double[hidden];
            for (int j = 0; j < hidden; j++) {
                double[] gates = new double[cell.gates()];
                for (int g = 0; g < gates.length; g++) {
                    gates[g] = in[g * hidden + j] + back[g * hidden + j];
                }
                if (cell == Cell.GRU) {
                    double n = Math.tanh(in[2 * hidden + j] + sigmoid(gates[0]) * back[2 * hidden + j]);
                    next[j] = (1 - sigmoid(gates[1])) * n + sigmoid(gates[1]) * h[j];
                } else {
                    c[j] = sigmoid(gates[1]) * c[j] + sigmoid(gates[0]) * Math.tanh(gates[2]);
                    next[j] = sigmoid(gates[3]) * Math.tanh(c[j]);
                }
            }
            h = next;
            outputs[t] = h;
        }
        return outputs;
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private double[] product(String matrix, String bias, double[] x) {
        HostTensor weight = Objects.requireNonNull(tensors.get(matrix));
        HostTensor summand = Objects.requireNonNull(tensors.get(bias));
        double[] y = new double[weight.shape().dim(0)];
        for (int i = 0; i < y.length; i++) {
            y[i] = summand.get(i);
            for (int j = 0; j < x.length; j++) {
                y[i] += (double) weight.get((long) i * x.length + j) * x[j];
            }
        }
        return y;
    }
}
