package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.domain.Frame;
import dev.limbic.domain.ImageSource.PixelFormat;
import dev.limbic.domain.ImageSource.RawImage;
import dev.limbic.domain.StreamSlots;
import dev.limbic.domain.StreamState;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Recurrent.Cell;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models for video of every shape, over every architecture for pictures; and folders that are refused. */
class VideoFoldersTest {
    private static final String CONFIG = "config.json";
    private static final String WEIGHTS = "model.safetensors";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "mini-xception, GRU, 1, 5",
        "mini-xception-colour, LSTM, 3, 9",
        "face-expression-odd, GRU, 3, 17",
        "resnet-basic, LSTM, 2, 1",
        "vit, GRU, 2, 33",
        "efficientnet-odd, LSTM, 1, 16",
        "convnext-plain, GRU, 1, 64",
    })
    void everyShapeOverEveryFrameModel(String golden, Cell cell, int layers, int hidden) throws IOException {
        GoldenPictures pictures = GoldenPictures.open(golden);
        VideoFolder video = new VideoFolder(cell, layers, hidden, 4, 11);
        try (CpuDevice device = new CpuDevice(2);
                LoadedImageModel frames = (LoadedImageModel)
                        Kinds.IMAGE.load(new Loading(pictures.path(), "frames", device, Precision.F32))) {
            device.beginBatch();
            Tensor seen = frames.pictures()
                    .run(device, pictures.pictures(), PictureNetwork.Tap.NONE, (_, features) -> features);
            double[][] features = rows(device.download(seen), seen.columns());
            video.write(folder, golden, seen.columns());
            double[][] expected = video.expected(features);
            StreamSlots slots = new StreamSlots(1);
            try (StreamState stream = slots.open();
                    LoadedVideoModel model = load(device, slots)) {
                for (int t = 0; t < expected.length; t++) {
                    PreparedFrame frame = new PreparedFrame(pictures.pictures().get(t), stream);
                    float[] logits = model.run(List.of(frame)).getFirst().logits();
                    for (int l = 0; l < logits.length; l++) {
                        assertThat(logits[l] - expected[t][l])
                                .as("frame %d logit %d", t, l)
                                .isBetween(-1e-4, 1e-4);
                    }
                }
            }
        }
    }

    private static double[][] rows(float[] flat, int columns) {
        double[][] rows = new double[flat.length / columns][columns];
        for (int i = 0; i < flat.length; i++) {
            rows[i / columns][i % columns] = flat[i];
        }
        return rows;
    }

    private LoadedVideoModel load(CpuDevice device, StreamSlots slots) {
        return (LoadedVideoModel) Kinds.VIDEO.load(new Loading(folder, "video", device, Precision.F32, 0, slots));
    }

    private void load() {
        try (CpuDevice device = new CpuDevice(1)) {
            load(device, new StreamSlots(1)).close();
        }
    }

    @Test
    void theCardSaysWhatItIs() {
        try (CpuDevice device = new CpuDevice(1);
                LoadedVideoModel model = (LoadedVideoModel)
                        ModelRegistry.load(new Loading(Path.of("starter/avatar-video"), "avatars", device, null))
                                .model()) {
            assertThat(model.card().kind()).isEqualTo("video");
            assertThat(model.card().labels()).hasSize(7);
            assertThat(model.card().takes()).isEqualTo(new ClassifierCard.Picture(64, 64));
            assertThat(model.card().parameters()).isEqualTo(465_599);
            assertThat(model.slots())
                    .hasValueSatisfying(slots -> assertThat(slots.available()).isEqualTo(StreamSlots.USUAL));
        }
    }

    @Test
    void aStreamOfAnotherModelIsRefused() {
        RawImage picture = new RawImage(PixelFormat.GREY, 9, 9, 0, new byte[81]);
        try (CpuDevice device = new CpuDevice(1);
                Model<Frame, PreparedFrame, ?, ?> model = Kinds.VIDEO.load(
                        new Loading(GoldenPictures.model("video-gru"), "grey", device, Precision.F32))) {
            StreamState foreign = new StreamSlots(1).open();
            assertThatThrownBy(() -> model.prepare(new Frame(picture, foreign)))
                    .hasMessage("a stream of model grey expected, found one of another");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "video-gru | cell | \"rnn\" | key 'cell': expected one of lstm, gru, found 'rnn'",
                "video-gru | num_layers | 4 | key 'num_layers': expected an integer in 1…3, found number 4",
                "video-gru | num_layers | 3 | tensor 'rnn.weight_ih_l2'",
                "video-gru | num_layers | 1 | expected only tensors of the architecture, found 4 surplus: rnn.bias_hh_l1",
                "video-gru | hidden_size | 0 | key 'hidden_size': expected an integer in 1",
                "video-gru | hidden_size | 14 | tensor 'rnn.weight_ih_l0': expected shape [42, 23], found [45, 23]",
                "video-gru | cell | \"lstm\" | tensor 'rnn.weight_ih_l0': expected shape [60, 23], found [45, 23]",
                "video-gru | frame | null | key 'frame': expected the config.json of a model of kind image, found nothing",
                "video-gru | frame | {} | key 'frame.architectures': expected",
                "video-gru | frame | {\"architectures\": [\"TinyFaceDetector\"]} | key 'frame.architectures': expected a model of kind image, found 'TinyFaceDetector' of kind finder",
                "video-gru | frame | {\"architectures\": [\"ResNetForImageClasification\"]} | nearest: 'ResNetForImageClassification'",
                "video-lstm | frame | {\"architectures\": [\"ResNetForImageClassification\"], \"layer_type\": \"wide\"} | key 'frame.layer_type': expected one of basic",
            })
    void refusesByName(String golden, String key, String value, String message) throws IOException {
        copy(golden);
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode json = (ObjectNode) mapper.readTree(Files.readString(folder.resolve(CONFIG)));
        json.set(key, mapper.readTree(value));
        Files.writeString(folder.resolve(CONFIG), json.toString());
        assertThatThrownBy(this::load).isInstanceOf(WeightsException.class).hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource({"frame.classifier.weight", "rnn.weight_ih_l0_reverse", "head.bias"})
    void refusesSurplus(String surplus) throws IOException {
        copy("video-gru");
        ExtraTensor.add(surplus, GoldenPictures.model("video-gru").resolve(WEIGHTS), folder.resolve(WEIGHTS));
        assertThatThrownBy(this::load)
                .isInstanceOf(WeightsException.class)
                .hasMessageEndingWith("expected only tensors of the architecture, found 1 surplus: " + surplus);
    }

    private void copy(String golden) throws IOException {
        for (String name : List.of(CONFIG, "preprocessor_config.json", WEIGHTS)) {
            Files.copy(GoldenPictures.model(golden).resolve(name), folder.resolve(name));
        }
    }
}
