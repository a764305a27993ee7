package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.weights.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders of pictures that are refused, by the key or the tensor, and odd ones that are not. */
class OddPictureFoldersTest {
    private static final String CONFIG = "config.json";
    private static final String PROCESSOR = "preprocessor_config.json";
    private static final String WEIGHTS = "model.safetensors";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "resnet-basic | hidden_act | \"mish\" | expected one of gelu",
                "resnet-basic | layer_type | \"wide\" | expected one of basic, bottleneck, found 'wide'",
                "resnet-basic | depths | [2, 1] | expected as many as hidden_sizes, 3, found 2",
                "resnet-basic | num_channels | 2 | expected 1 (grey) or 3, found 2",
                "resnet-bottleneck | hidden_sizes | [3, 20, 28] | expected at least 4, found 3",
                "vit | patch_size | [5, 4] | expected a square, or patches that fill the picture, found 5 × 4",
                "vit | patch_size | [5, 5, 5] | expected height and width, found 3 numbers",
                "vit | patch_size | 38 | expected at most image_size, found 38 × 38",
                "vit | num_attention_heads | 5 | expected a divisor of the hidden size 36, found 5",
                "efficientnet | hidden_dim | 255 | expected 1280 times width_coefficient, 256, found 255",
                "efficientnet | strides | [1, 2, 3, 1] | expected an integer in 1…2, found",
                "efficientnet | kernel_sizes | [3, 4, 3, 7] | expected odd numbers, found 4",
                "efficientnet | in_channels | [32, 26, 90, 52] | expected the channels of the stage before, 8, found 20",
                "efficientnet | expand_ratios | [1, 6, 4] | expected as many as out_channels, 4, found 3",
                "efficientnet | pooling_type | \"first\" | expected one of mean, max, found 'first'",
                "convnext | num_stages | 4 | key 'hidden_sizes': expected one for each of num_stages, 4, found 3",
                "convnext | patch_size | [3, 4] | expected a square, found 3 × 4",
            })
    void refusesByKey(String golden, String key, String value, String message) throws IOException {
        copy(golden);
        edit(CONFIG, key, value);
        assertThatThrownBy(this::load)
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining(CONFIG + ": key '")
                .hasMessageContaining(key)
                .hasMessageContaining(message);
    }

    @Test
    void refusesPositionsOfAnotherSize() throws IOException {
        copy("vit");
        edit(CONFIG, "image_size", "45");
        assertThatThrownBy(this::load)
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining(
                        "tensor 'vit.embeddings.position_embeddings': expected shape [1, 82, 36], found [1, 50, 36]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "vit | 36 | 37 | expected pictures of 37 × 37 pixels, as config.json, found 36 × 37",
                "convnext | 11 | 47 | expected pictures of at least 12 × 12, for config.json, found 11 × 47",
                "efficientnet | 39 | 3 | expected pictures of at least 4 × 4, for config.json, found 39 × 3",
            })
    void refusesPicturesOfAWrongSize(String golden, int height, int width, String message) throws IOException {
        copy(golden);
        edit(PROCESSOR, "size", "{\"height\": " + height + ", \"width\": " + width + "}");
        assertThatThrownBy(this::load)
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining(PROCESSOR + ": " + message);
    }

    /** The least size that is not refused can be computed. */
    @ParameterizedTest
    @CsvSource({
        "resnet-basic, 1",
        "resnet-bottleneck, 1",
        "convnext, 12",
        "convnext-plain, 8",
        "efficientnet, 4",
        "efficientnet-odd, 8"
    })
    void computesTheSmallestPictures(String golden, int side) throws IOException {
        copy(golden);
        edit(PROCESSOR, "size", "{\"height\": " + side + ", \"width\": " + side + "}");
        try (CpuDevice device = new CpuDevice(1);
                LoadedImageModel model =
                        (LoadedImageModel) Kinds.IMAGE.load(new Loading(folder, "odd", device, Precision.F32))) {
            PreparedImage picture = new PreparedImage(side, side, 3, new byte[3 * side * side]);
            for (float logit : model.run(List.of(picture)).getFirst()) {
                assertThat(logit).isFinite();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "vit, vit.pooler.dense.weight",
        "vit, vit.embeddings.mask_token",
        "convnext, decode_head.classifier.bias",
    })
    void leavesOtherHeads(String golden, String surplus) throws IOException {
        copy(golden);
        ExtraTensor.add(surplus, GoldenPictures.model(golden).resolve(WEIGHTS), folder.resolve(WEIGHTS));
        assertThatCode(this::load).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "vit, vit.encoder.layer.2.output.dense.bias",
        "vit, vit.encoder.layer.0.attention.attention.query.bias", // qkv_bias is false
        "resnet-basic, resnet.encoder.stages.0.layers.0.shortcut.convolution.weight",
        "resnet-basic, resnet.embedder.other.weight",
        "efficientnet, efficientnet.encoder.blocks.77.expansion.expand_bn.bias",
        "convnext-plain, convnext.encoder.stages.0.layers.0.layer_scale_parameter",
        "mini-xception, pooler.dense.weight",
    })
    void refusesSurplusThatChangesResults(String golden, String surplus) throws IOException {
        copy(golden);
        ExtraTensor.add(surplus, GoldenPictures.model(golden).resolve(WEIGHTS), folder.resolve(WEIGHTS));
        assertThatThrownBy(this::load)
                .isInstanceOf(WeightsException.class)
                .hasMessageEndingWith("expected only tensors of the architecture, found 1 surplus: " + surplus);
    }

    private void copy(String golden) throws IOException {
        for (String name : List.of(CONFIG, PROCESSOR, WEIGHTS)) {
            Files.copy(GoldenPictures.model(golden).resolve(name), folder.resolve(name));
        }
    }

    private void edit(String file, String key, String value) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode json = (ObjectNode) mapper.readTree(Files.readString(folder.resolve(file)));
        json.set(key, mapper.readTree(value));
        Files.writeString(folder.resolve(file), json.toString());
    }

    private void load() {
        try (CpuDevice device = new CpuDevice(1)) {
            Kinds.IMAGE.load(new Loading(folder, "odd", device, Precision.F32)).close();
        }
    }
}
