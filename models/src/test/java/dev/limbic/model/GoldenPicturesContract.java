package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.Precision;
import dev.limbic.preprocess.image.PreparedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every architecture for pictures computes what PyTorch computes, in every precision, alone and in a batch. */
abstract class GoldenPicturesContract extends OnDevice {
    private static final List<String> NAMES = List.of(
            "mini-xception",
            "mini-xception-colour",
            "face-expression",
            "face-expression-odd",
            "avatar-expression",
            "resnet-basic",
            "resnet-bottleneck",
            "resnet-usual-bf16",
            "vit",
            "vit-oblong-f16",
            "efficientnet",
            "efficientnet-odd",
            "convnext",
            "convnext-plain");

    Stream<Arguments> cases() {
        return NAMES.stream().flatMap(name -> precisions().stream().map(p -> Arguments.of(name, p)));
    }

    /** Largest difference allowed, of the largest number of the reference. */
    static double bound(Precision precision) {
        return switch (precision) {
            case F32 -> 1e-4;
            case BF16 -> 0.08;
            case F16 -> 0.01;
            case INT8 -> 0.15;
        };
    }

    /** Most that a logit of a picture alone may differ from the same in a batch, of a logit or of 1. */
    double alone(Precision precision) {
        return 1e-5;
    }

    private LoadedImageModel load(GoldenPictures golden, Precision precision) {
        return (LoadedImageModel) Kinds.IMAGE.load(new Loading(golden.path(), "golden", device(), precision));
    }

    static void assertMatches(String what, float[] actual, float[] expected, Precision precision) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        double largest = 1e-30;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < actual.length; i++) {
            double difference = Math.abs((double) actual[i] - expected[i]);
            if (!(difference <= bound(precision) * largest)) { // NaN does not pass
                throw new AssertionError("%s[%d]: expected %s within %s of %s, found %s"
                        .formatted(what, i, expected[i], bound(precision), largest, actual[i]));
            }
        }
    }

    private static float[] flat(List<float[]> rows) {
        float[] flat = new float[rows.stream().mapToInt(row -> row.length).sum()];
        int at = 0;
        for (float[] row : rows) {
            System.arraycopy(row, 0, flat, at, row.length);
            at += row.length;
        }
        return flat;
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void matchesTheReference(String name, Precision precision) {
        GoldenPictures golden = GoldenPictures.open(name);
        try (LoadedImageModel model = load(golden, precision)) {
            List<float[]> hidden = new ArrayList<>();
            List<float[]> logits = model.run(golden.pictures(), (layer, h) -> hidden.add(device().download(h)));
            for (int layer = 0; layer < golden.hidden().size(); layer++) {
                assertMatches(
                        name + " hidden " + layer,
                        hidden.get(layer),
                        golden.hidden().get(layer),
                        precision);
            }
            assertThat(golden.hidden().size()).as("layers").isIn(0, hidden.size());
            assertMatches(name + " logits", flat(logits), golden.logits(), precision);
            assertSameFirst(name, logits, golden.logits(), precision);
        }
    }

    /** The label that comes first is the reference's, unless another was nearer to it there than the precision tells apart. */
    private static void assertSameFirst(String name, List<float[]> logits, float[] expected, Precision precision) {
        int labels = logits.getFirst().length;
        for (int i = 0; i < logits.size(); i++) {
            float[] reference = Arrays.copyOfRange(expected, i * labels, (i + 1) * labels);
            float[] sorted = reference.clone();
            Arrays.sort(sorted);
            float largest = Math.max(Math.abs(sorted[0]), Math.abs(sorted[labels - 1]));
            if (sorted[labels - 1] - sorted[labels - 2] > bound(precision) * largest) {
                assertThat(first(logits.get(i)))
                        .as("%s picture %d: first of %s", name, i, Arrays.toString(logits.get(i)))
                        .isEqualTo(first(reference));
            }
        }
    }

    private static int first(float[] logits) {
        return IntStream.range(0, logits.length).reduce(0, (best, l) -> logits[l] > logits[best] ? l : best);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void aPictureAloneIsThePictureInItsBatch(String name, Precision precision) {
        GoldenPictures golden = GoldenPictures.open(name);
        try (LoadedImageModel model = load(golden, precision)) {
            List<PreparedImage> many = new ArrayList<>(golden.pictures());
            many.addAll(golden.pictures());
            many.add(golden.pictures().getFirst());
            for (int time = 0; time < 2; time++) {
                List<float[]> together = model.run(many);
                for (int i = 0; i < many.size(); i++) {
                    float[] alone = model.run(List.of(many.get(i))).getFirst();
                    for (int l = 0; l < alone.length; l++) {
                        double scale = Math.max(1, Math.abs(alone[l]));
                        assertThat((together.get(i)[l] - alone[l]) / scale)
                                .as("%s %s picture %d logit %d", name, precision, i, l)
                                .isBetween(-alone(precision), alone(precision));
                    }
                }
            }
        }
    }
}
