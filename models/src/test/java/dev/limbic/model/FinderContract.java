package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.Face;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.ops.Precision;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.tensor.HostTensor;
import dev.limbic.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The face finder computes what PyTorch and face-api.js compute, and finds the faces that they find. */
abstract class FinderContract extends OnDevice {
    private LoadedFinder load(Path folder, Precision precision) {
        return (LoadedFinder) Kinds.FINDER.load(new Loading(folder, "finder", device(), precision));
    }

    private static List<FinderInput> inputs(HostTensor pictures, int size) {
        return GoldenPictures.pictures(pictures).stream()
                .map(each -> new FinderInput(each, new ImageSettings.Size(size, size)))
                .toList();
    }

    /** Rows of left, top, right, bottom and score. */
    private static void assertFaces(String what, List<Face> found, float[] expected, int from, int count) {
        assertThat(found).as(what).hasSize(count);
        for (int i = 0; i < count; i++) {
            Face face = found.get(i);
            float[] values = {
                face.box().x(),
                face.box().y(),
                face.box().x() + face.box().width(),
                face.box().y() + face.box().height(),
                face.score()
            };
            for (int v = 0; v < values.length; v++) {
                assertThat((double) values[v] - expected[(from + i) * 5 + v])
                        .as("%s: face %d, value %d", what, i, v)
                        .isBetween(-1e-3, 1e-3);
            }
        }
    }

    @Test
    void mapsAndBoxesMatchTheReference() {
        for (String name : List.of("face-finder", "face-finder-odd")) {
            Path folder = GoldenPictures.folder(name);
            try (Safetensors expected = Safetensors.open(folder.resolve("expected.safetensors"));
                    LoadedFinder finder = load(GoldenPictures.model(name), Precision.F32)) {
                List<FinderInput> inputs = inputs(
                        expected.tensor("pictures"),
                        expected.tensor("pictures").shape().dim(1));
                if (inputs.getFirst().picture().width() != finder.card().size()) {
                    continue; // made at another size; its photographs are below
                }
                List<float[]> hidden = new ArrayList<>();
                List<FaceMap> maps = finder.run(inputs, (layer, h) -> hidden.add(device().download(h)));
                for (int layer = 1; expected.names().contains("hidden." + layer); layer++) {
                    GoldenPicturesContract.assertMatches(
                            name + " hidden " + layer,
                            hidden.get(layer),
                            expected.tensor("hidden." + layer).toFloats(),
                            Precision.F32);
                }
                float[] counts = expected.tensor("box_counts").toFloats();
                float[] boxes = expected.tensor("boxes").toFloats();
                int from = 0;
                for (int i = 0; i < maps.size(); i++) {
                    assertFaces(name, finder.interpret(maps.get(i)), boxes, from, (int) counts[i]);
                    from += (int) counts[i];
                }
            }
        }
    }

    @Test
    void facesOfPhotographsAreThoseOfTheirOwnRuntime() throws IOException {
        Path folder = GoldenPictures.folder("face-finder");
        try (Safetensors expected = Safetensors.open(folder.resolve("expected.safetensors"));
                LoadedFinder finder = load(GoldenPictures.model("face-finder"), Precision.F32)) {
            for (String photo : List.of("photo-0", "photo-1", "photo-2")) {
                FinderInput input =
                        finder.prepare(new Image(new EncodedImage(Files.readAllBytes(folder.resolve(photo + ".png")))));
                float[] boxes = expected.tensor("boxes." + photo).toFloats();
                assertFaces(photo, finder.interpret(finder.run(List.of(input)).getFirst()), boxes, 0, boxes.length / 5);
            }
        }
    }

    @Test
    void aFaceThatFillsThePictureIsFoundOnTheSecondLook(@TempDir Path temp) throws IOException {
        Path close = GoldenPictures.folder("face-finder").resolve("photo-2.png");
        Image image = new Image(new EncodedImage(Files.readAllBytes(close)));
        try (LoadedFinder once = load(altered(temp, "\"coarse_factor\": 4,", ""), Precision.F32);
                LoadedFinder twice = load(GoldenPictures.model("face-finder"), Precision.F32)) {
            assertThat(once.interpret(once.run(List.of(once.prepare(image))).getFirst()))
                    .isEmpty();
            FinderInput black = new FinderInput(
                    new PreparedImage(416, 416, 3, new byte[3 * 416 * 416]), new ImageSettings.Size(416, 416));
            List<FaceMap> maps = twice.run(List.of(black, twice.prepare(image), black));
            assertThat(twice.interpret(maps.get(0))).isEmpty();
            assertThat(twice.interpret(maps.get(1))).hasSize(1);
            assertThat(twice.interpret(maps.get(2))).isEmpty();
        }
    }

    @Test
    void aSecondLookThatDoesNotHoldThePictureIsRefused(@TempDir Path temp) throws IOException {
        Path folder = altered(temp, "\"coarse_size\": 128", "\"coarse_size\": 96");
        assertThatThrownBy(() -> load(folder, Precision.F32))
                .hasMessageContaining("coarse_size")
                .hasMessageContaining("a multiple of 32 that holds 104 pixels")
                .hasMessageContaining("96");
    }

    /** The starter model's folder with another configuration. */
    private static Path altered(Path temp, String text, String instead) throws IOException {
        Path model = GoldenPictures.model("face-finder");
        for (String file : List.of("model.safetensors", "preprocessor_config.json")) {
            Files.copy(model.resolve(file), temp.resolve(file));
        }
        String config = Files.readString(model.resolve("config.json"));
        assertThat(config).contains(text);
        Files.writeString(temp.resolve("config.json"), config.replace(text, instead));
        return temp;
    }
}
