package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.Encoding;
import dev.limbic.ops.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every architecture computes what PyTorch and transformers compute, in every precision, alone and in a batch. */
abstract class GoldenContract extends OnDevice {
    Stream<Arguments> cases() {
        return Golden.names().stream().flatMap(name -> precisions().stream().map(p -> Arguments.of(name, p)));
    }

    /**
     * Error allowed: for f32 of each element, absolute. For the others of a whole tensor, the root of the mean square
     * difference over that of the reference: these weights are random and strong, so that rounding grows from layer to
     * layer as it does in no trained model (the starter models' own bounds are in StarterModelsTest). What int8 makes of
     * each single operation is held to far less in CheckedGoldenTest and CheckedGenerationTest.
     */
    static double bound(Precision precision) {
        return switch (precision) {
            case F32 -> 1e-4;
            case BF16 -> 0.05;
            case F16 -> 0.01;
            case INT8 -> 0.10;
        };
    }

    /** The same of a recurrent model, which feeds back what it has rounded: three layers of LSTM in int8 are off by 0.17. */
    private static double bound(String what, Precision precision) {
        return what.startsWith("recurrent") ? 2 * bound(precision) : bound(precision);
    }

    /** Most that the label chosen may lie below the best one in the reference, of the spread of its logits. */
    private static double margin(Precision precision) {
        return switch (precision) {
            case F32 -> 0;
            case BF16, F16 -> 0.03;
            case INT8 -> 0.15;
        };
    }

    private static void assertChoices(String name, float[][] logits, float[][] reference, Precision precision) {
        for (int b = 0; b < logits.length; b++) {
            float[] expected = reference[b];
            int chosen = 0;
            float highest = expected[0];
            float lowest = expected[0];
            for (int l = 1; l < expected.length; l++) {
                chosen = logits[b][l] > logits[b][chosen] ? l : chosen;
                highest = Math.max(highest, expected[l]);
                lowest = Math.min(lowest, expected[l]);
            }
            assertThat(highest - expected[chosen])
                    .as("%s sequence %d: label %d", name, b, chosen)
                    .isLessThanOrEqualTo((float) (margin(precision) * (highest - lowest)));
        }
    }

    /** Most that a logit of a sequence alone may differ from the same in a batch, in f32. */
    double aloneInF32() {
        return 1e-5;
    }

    private static void assertMatches(String what, float[] actual, float[] expected, Precision precision) {
        if (precision == Precision.F32) {
            assertClose(what, actual, expected, bound(precision));
            return;
        }
        assertThat(actual).as(what).hasSameSizeAs(expected);
        double difference = 0;
        double size = 0;
        for (int i = 0; i < actual.length; i++) {
            difference += Math.pow((double) actual[i] - expected[i], 2);
            size += Math.pow(expected[i], 2);
        }
        assertThat(Math.sqrt(difference / size))
                .as("%s: relative error", what)
                .isLessThanOrEqualTo(bound(what, precision));
    }

    private LoadedTextModel load(Golden golden, String name, Precision precision) {
        return (LoadedTextModel) Kinds.TEXT.load(new Loading(golden.path(), name, device(), precision));
    }

    private static float[][] rows(List<float[]> results) {
        return results.toArray(float[][]::new);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void matchesTheReference(String name, Precision precision) {
        Golden golden = Golden.open(name);
        try (LoadedTextModel model = load(golden, name, precision)) {
            List<float[]> hidden = new ArrayList<>();
            float[][] logits = rows(model.run(golden.batch(), (layer, h) -> hidden.add(device().download(h))));
            assertThat(hidden).hasSameSizeAs(golden.hidden());
            for (int layer = 0; layer < hidden.size(); layer++) {
                assertMatches(
                        name + " hidden " + layer,
                        hidden.get(layer),
                        golden.hidden().get(layer).toFloats(),
                        precision);
            }
            assertThat(logits).hasNumberOfRows(golden.logits().length);
            assertMatches(name + " logits", flat(logits), flat(golden.logits()), precision);
            assertChoices(name, logits, golden.logits(), precision);
        }
    }

    /** As requests are served: padded and recorded where the device does so, then replayed. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void matchesTheReferenceEveryTime(String name, Precision precision) {
        Golden golden = Golden.open(name);
        try (LoadedTextModel model = load(golden, name, precision)) {
            float[] expected = flat(golden.logits());
            for (int time = 0; time < 4; time++) {
                assertMatches(
                        name + " logits, time " + time, flat(rows(model.run(golden.batch()))), expected, precision);
                model.run(golden.batch().subList(0, 1));
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void aSequenceAloneEqualsTheSequenceInABatch(String name, Precision precision) {
        Golden golden = Golden.open(name);
        try (LoadedTextModel model = load(golden, name, precision)) {
            List<Encoding> batch = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                batch.addAll(golden.batch());
            }
            float[][] together = rows(model.run(batch));
            for (int b = 0; b < batch.size(); b++) {
                float[] alone = model.run(List.of(batch.get(b))).getFirst();
                assertClose(
                        name + " sequence " + b, together[b], alone, precision == Precision.F32 ? aloneInF32() : 0.03);
            }
        }
    }

    private static float[] flat(float[][] rows) {
        float[] all = new float[rows.length * rows[0].length];
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(rows[r], 0, all, r * rows[r].length, rows[r].length);
        }
        return all;
    }

    /** Every element within the bound; NaN is not. */
    static void assertClose(String what, float[] actual, float[] expected, double bound) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        double worst = 0;
        int at = 0;
        for (int i = 0; i < actual.length; i++) {
            double difference = Math.abs((double) actual[i] - expected[i]);
            if (Double.isNaN(difference) || difference > worst) {
                worst = difference;
                at = i;
            }
            if (Double.isNaN(worst)) {
                break; // nothing is worse
            }
        }
        assertThat(worst)
                .as("%s: worst element %d, found %s, expected %s", what, at, actual[at], expected[at])
                .isLessThanOrEqualTo(bound);
    }
}
