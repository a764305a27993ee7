package dev.limbic.server.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbic.model.ClassifierCard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaceEvaluationTest {
    private static final List<String> LABELS = List.of("calm", "happy", "sad");

    @TempDir
    private Path folder;

    private static ClassifierCard card(String taxonomy, String... labels) {
        return new ClassifierCard(
                "reader",
                "image",
                "Fake",
                List.of(labels),
                false,
                taxonomy,
                new ClassifierCard.Picture(8, 8),
                1,
                "f32",
                "cpu");
    }

    private void file(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @Test
    void figuresAreThoseOfTheirDefinitions() {
        FaceEvaluation result = FaceEvaluation.of(
                LABELS,
                List.of(1, 1, 2, 2),
                List.of(
                        new float[] {0, 1, 0},
                        new float[] {0.05f, 0.9f, 0.05f},
                        new float[] {0.1f, 0.6f, 0.3f},
                        new float[] {0.7f, 0.2f, 0.1f}));
        assertThat(result.accuracy()).isEqualTo(0.5);
        assertThat(result.scores().labels()).containsExactly("happy", "sad");
        assertThat(result.confusion()).isDeepEqualTo(new int[][] {{0, 2, 0}, {1, 1, 0}});
        assertThat(result.scores().precision(0)).isEqualTo(2 / 3.0);
        assertThat(result.scores().recall(0)).isEqualTo(1);
        assertThat(result.scores().macroF1()).isEqualTo(0.8 / 2); // calm has no picture and does not count
        // bins of a fifteenth: {1}, {.9}, {.6}, {.7}; right, right, wrong, wrong
        assertThat(result.calibrationError()).isCloseTo((0 + 0.1 + 0.6 + 0.7) / 4, within(1e-6));
    }

    @Test
    void errorsInOneBinBalance() {
        FaceEvaluation result = FaceEvaluation.of(
                LABELS, List.of(1, 1), List.of(new float[] {0.25f, 0.5f, 0.25f}, new float[] {0.5f, 0.25f, 0.25f}));
        assertThat(result.calibrationError()).isCloseTo(0, within(1e-9));
    }

    @Test
    void foldersAreLabels() throws IOException {
        file("sad/2.png", "");
        file("sad/1.jpg", "");
        file("joy/a.webp", "");
        file("notes.txt", "beside the folders");
        file("joy/.hidden", "");
        assertThat(FacePictures.read(folder))
                .containsExactly(
                        new FacePictures.Picture(folder.resolve("joy/a.webp"), "joy"),
                        new FacePictures.Picture(folder.resolve("sad/1.jpg"), "sad"),
                        new FacePictures.Picture(folder.resolve("sad/2.png"), "sad"));
    }

    @Test
    void aTableListsPictures() throws IOException {
        file("labels.csv", "id,file,label\n1, a/b.png ,joy\n\n2,c.png,sad\n");
        assertThat(FacePictures.read(folder))
                .containsExactly(
                        new FacePictures.Picture(folder.resolve("a/b.png"), "joy"),
                        new FacePictures.Picture(folder.resolve("c.png"), "sad"));
    }

    @Test
    void whatIsNeitherIsRefused() throws IOException {
        assertThatThrownBy(() -> FacePictures.read(folder)).hasMessageContaining("labels.csv");
        file("train/sad/1.png", "");
        assertThatThrownBy(() -> FacePictures.read(folder))
                .hasMessageContaining("train")
                .hasMessageContaining("give one of them");
        file("labels.csv", "path,emotion\n");
        assertThatThrownBy(() -> FacePictures.read(folder)).hasMessageContaining("found [path, emotion]");
        file("labels.csv", "file,label\na.png,joy\n\"b,c.png\",sad\n");
        assertThatThrownBy(() -> FacePictures.read(folder)).hasMessageContaining("line 3");
    }

    @Test
    void labelsAreMatchedByNameOrMeaningOrRefused() throws IOException {
        List<FacePictures.Picture> pictures = List.of(
                new FacePictures.Picture(folder, "Happiness"),
                new FacePictures.Picture(folder, "sad"),
                new FacePictures.Picture(folder, "SAD"));
        assertThat(FacePictures.ids(pictures, card("fer-7", "sad", "happy")))
                .isEqualTo(Map.of("Happiness", 1, "sad", 0, "SAD", 0));
        assertThatThrownBy(() -> FacePictures.ids(pictures, card("none", "sad", "happy")))
                .hasMessageContaining("no label that [Happiness] could mean")
                .hasMessageContaining("[sad, happy]")
                .hasMessageContaining("--leave-out Happiness");
    }
}
