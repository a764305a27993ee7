package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.Face;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.ops.Precision;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.tensor.HostTensor;
import dev.limbic.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

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
            for (String photo : List.of("photo-0", "photo-1")) {
                FinderInput input =
                        finder.prepare(new Image(new EncodedImage(Files.readAllBytes(folder.resolve(photo + ".png")))));
                float[] boxes = expected.tensor("boxes." + photo).toFloats();
                assertFaces(photo, finder.interpret(finder.run(List.of(input)).getFirst()), boxes, 0, boxes.length / 5);
            }
        }
    }
}
