package dev.limbic.preprocess.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.preprocess.image.codec.Pictures;
import dev.limbic.weights.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageProcessorTest {
    private final ImageDecoder decoder = new ImageDecoder(ImageLimits.DEFAULT);

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void picturesAreWhatTransformersMakesOfThem(boolean warm) {
        if (warm) {
            ImageProcessor.warmUp();
        }
        Map<String, ImageProcessor> processors = new HashMap<>();
        List<String> wrong = new ArrayList<>();
        for (JsonNode expected : Pictures.expected().get("processed")) {
            String name = expected.get("processor").asText();
            ImageProcessor processor = processors.computeIfAbsent(name, key -> {
                Path folder = Pictures.folder().resolve("processors").resolve(key);
                return new ImageProcessor(ProcessorConfig.read(folder, key.equals("grey") ? 1 : 3), decoder);
            });
            String picture = expected.get("picture").asText();
            PreparedImage image = processor.prepare(Pictures.encoded(picture));
            JsonNode size = expected.get("size");
            boolean same = image.height() == size.get(0).intValue()
                    && image.width() == size.get(1).intValue()
                    && image.channels() == size.get(2).intValue()
                    && Pictures.sha256(image.samples())
                            .equals(expected.get("sha256").asText());
            if (!same) {
                wrong.add(name + " " + picture);
                continue;
            }
            float[] numbers = processor.settings().normalisation().apply(image);
            for (int i = 0; i < expected.get("at").size(); i++) {
                float number = (float) expected.get("numbers").get(i).doubleValue();
                assertThat(numbers[expected.get("at").get(i).intValue()])
                        .as(name + " " + picture)
                        .isBetween(number - 2e-6f * (1 + Math.abs(number)), number + 2e-6f * (1 + Math.abs(number)));
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(processors).hasSize(10);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            {'image_processor_type': 'BeitImageProcessor'} | key 'image_processor_type': expected ViT-, ConvNext- or
            {'size': 224} | expected key 'image_processor_type'
            {T, 'resample': 1} | key 'resample': expected 0 (nearest), 2 (bilinear) or 3 (bicubic), found number 1
            {T, 'do_pad': true} | key 'do_pad': expected that it is absent
            {T, 'patch_size': 14} | key 'patch_size': expected that it is absent
            {T, 'size': {'longest_edge': 7}} | key 'size': expected a number, or height and width
            {T, 'size': {'shortest_edge': 7, 'longest_edge': 9}} | key 'size': expected shortest_edge alone
            {T, 'size': {'shortest_edge': 7}} | expected one size for all pictures
            {T, 'do_resize': false} | expected one size for all pictures
            {T, 'size': 0} | key 'size': expected 1 to 4096 pixels, found number 0
            {T, 'size': 224.5} | key 'size': expected a number, or height and width
            {T, 'do_center_crop': true} | key 'crop_size': expected a number
            {T, 'do_center_crop': 1} | key 'do_center_crop': expected true or false, found number 1
            {T, 'image_std': [1, 2]} | key 'image_std': expected 3 numbers, found array
            {T, 'image_std': [1, 0, 2]} | expected that rescale_factor, image_mean and image_std give numbers
            {T, 'image_mean': ['a', 'b', 'c']} | key 'image_mean': expected 3 numbers, found string a
            {T, 'rescale_factor': 0} | expected that rescale_factor
            {T, 'rescale_factor': 'x'} | key 'rescale_factor': expected a number, found string x
            {C, 'size': {'height': 9, 'width': 9}} | key 'size': expected a number or shortest_edge, found object
            {C, 'size': 99, 'do_center_crop': true, 'crop_size': 9} | key 'do_center_crop': expected false, since crop_pct
            {C, 'size': 99, 'crop_pct': 0} | key 'crop_pct': expected a share of the picture, found number 0
            """)
    void whatIsNotFollowedIsRefusedByFileAndKey(String json, String message, @TempDir Path folder) throws IOException {
        String whole = json.replace("{T", "{'image_processor_type': 'ViTImageProcessor'")
                .replace("{C", "{'image_processor_type': 'ConvNextImageProcessor'")
                .replace('\'', '"');
        Files.writeString(folder.resolve("preprocessor_config.json"), whole);
        assertThatThrownBy(() -> ProcessorConfig.read(folder, 3))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("preprocessor_config.json")
                .hasMessageContaining(message);
    }
}
