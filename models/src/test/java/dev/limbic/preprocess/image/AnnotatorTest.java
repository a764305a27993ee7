package dev.limbic.preprocess.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.Box;
import dev.limbic.domain.LimbicException;
import dev.limbic.preprocess.image.codec.Pixels;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnnotatorTest {
    private static Pixels gradient(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < width * height; i++) {
            rgb[3 * i] = (byte) (i % width);
            rgb[3 * i + 1] = (byte) (i / width);
            rgb[3 * i + 2] = 77;
        }
        return new Pixels(width, height, rgb);
    }

    private static Box box(Pixels picture, float left, float top, float width, float height) {
        return new Box(
                left / picture.width(), top / picture.height(), width / picture.width(), height / picture.height());
    }

    private static int pixel(Pixels picture, int x, int y) {
        int at = 3 * (y * picture.width() + x);
        return (picture.rgb()[at] & 0xFF) << 16 | (picture.rgb()[at + 1] & 0xFF) << 8 | (picture.rgb()[at + 2] & 0xFF);
    }

    @Test
    void theBoxIsDrawnAndTheRestIsLeft() {
        Pixels picture = gradient(640, 480);
        byte[] before = picture.rgb().clone();
        Annotation annotation = new Annotation(
                box(picture, 200, 100, 90, 120),
                "fear .5",
                List.of(new Annotation.Bar("a", 1), new Annotation.Bar("b", 0)));
        Pixels drawn = Annotator.draw(picture, List.of(annotation));
        assertThat(picture.rgb()).isEqualTo(before);
        int colour = pixel(drawn, 200, 100);
        assertThat(pixel(drawn, 289, 219)).isEqualTo(colour);
        assertThat(pixel(drawn, 200, 219)).isEqualTo(colour);
        assertThat(pixel(drawn, 245, 160)).isEqualTo(pixel(picture, 245, 160));
        assertThat(pixel(drawn, 199, 160)).isEqualTo(pixel(picture, 199, 160));
        assertThat(pixel(drawn, 600, 400)).isEqualTo(pixel(picture, 600, 400));
        // The full bar lies to the right of the box and has its colour, the empty one has none.
        int from = 290 + 2 * (5 + 4);
        assertThat(pixel(drawn, from + 20, 100 + 4)).isEqualTo(colour);
        assertThat(pixel(drawn, from + 20, 100 + 4 + 20)).isNotEqualTo(colour);
    }

    @Test
    void smallPicturesAreEnlargedAndWhatReachesOutIsCutOff() {
        Annotation annotation = new Annotation(
                new Box(-5 / 64f, -5 / 48f, 1000 / 64f, 20 / 48f),
                "Überraschung",
                List.of(new Annotation.Bar("x".repeat(99), Float.NaN)));
        Pixels drawn = Annotator.draw(gradient(64, 48), List.of(annotation, annotation));
        assertThat(drawn.width()).isEqualTo(10 * 64);
        assertThat(drawn.height()).isEqualTo(10 * 48);
        assertThat(pixel(drawn, 639, 479)).isEqualTo(pixel(gradient(64, 48), 63, 47));
        assertThat(Annotator.draw(gradient(1, 999), List.of(annotation)).height())
                .isEqualTo(999);
    }

    @Test
    void facesAreCutOutWithMarginAndBlackBars() {
        Pixels picture = gradient(100, 80);
        Pixels plain = FaceCrop.of(picture, box(picture, 10, 20, 30, 20), 0, false);
        assertThat(plain.width()).isEqualTo(30);
        assertThat(plain.height()).isEqualTo(20);
        assertThat(pixel(plain, 0, 0)).isEqualTo(pixel(picture, 10, 20));
        Pixels square = FaceCrop.of(picture, box(picture, 10, 20, 30, 20), 0.1f, true);
        assertThat(square.width()).isEqualTo(36);
        assertThat(square.height()).isEqualTo(36);
        assertThat(pixel(square, 0, 6)).isEqualTo(pixel(picture, 7, 18));
        assertThat(pixel(square, 35, 29)).isEqualTo(pixel(picture, 42, 41));
        assertThat(pixel(square, 17, 5)).isZero();
        assertThat(pixel(square, 17, 30)).isZero();
        Pixels clamped = FaceCrop.of(picture, box(picture, -50, 70, 1e9f, 1e9f), 3, false);
        assertThat(clamped.width()).isEqualTo(100);
    }

    @Test
    void boxesWithoutAPixelAreRefused() {
        Pixels picture = gradient(100, 80);
        assertThatThrownBy(() -> FaceCrop.of(picture, box(picture, 200, 0, 10, 10), 0, true))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessageContaining("100 × 80");
        assertThatThrownBy(() -> new Box(0, 0, Float.NaN, 1)).isInstanceOf(LimbicException.Invalid.class);
        assertThatThrownBy(() -> new Box(0, 0, 0, 1)).isInstanceOf(LimbicException.Invalid.class);
        assertThatThrownBy(() -> new Box(0, Float.POSITIVE_INFINITY, 1, 1)).isInstanceOf(LimbicException.Invalid.class);
    }
}
