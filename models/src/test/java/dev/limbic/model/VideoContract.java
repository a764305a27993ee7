package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.StreamSlots;
import dev.limbic.domain.StreamState;
import dev.limbic.ops.Precision;
import dev.limbic.preprocess.image.PreparedImage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Models for video compute what PyTorch computes of whole clips, frame by frame, in any company; what they keep of a stream
 * is nobody else's and survives what can be survived.
 */
abstract class VideoContract extends OnDevice {
    private static final List<String> NAMES = List.of("video-gru", "video-lstm", "avatar-video");

    Stream<Arguments> cases() {
        return NAMES.stream().flatMap(name -> precisions().stream().map(p -> Arguments.of(name, p)));
    }

    private LoadedVideoModel load(GoldenVideo golden, Precision precision, StreamSlots slots) {
        return (LoadedVideoModel) Kinds.VIDEO.load(new Loading(golden.path(), "golden", device(), precision, 0, slots));
    }

    private static PreparedFrame frame(PreparedImage picture, @Nullable StreamState stream) {
        return new PreparedFrame(picture, stream);
    }

    private static List<PreparedFrame> clip(List<PreparedImage> pictures, @Nullable StreamState stream) {
        return pictures.stream().map(picture -> frame(picture, stream)).toList();
    }

    private static float[] only(List<FrameLogits> results) {
        assertThat(results).hasSize(1);
        assertThat(results.getFirst().stateReset()).isFalse();
        return results.getFirst().logits();
    }

    /** How far frames may lie from themselves in other company, and in f32 from the reference, by their size or one. */
    double alone(Precision precision) {
        return 2e-5;
    }

    private void assertSame(Precision precision, String what, float[] actual, float[] expected) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            double scale = Math.max(1, Math.abs(expected[i]));
            assertThat((actual[i] - expected[i]) / scale)
                    .as("%s, value %d: %s for %s", what, i, actual[i], expected[i])
                    .isBetween(-alone(precision), alone(precision));
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void framesOneByOneMatchTheReferenceOfTheWholeClip(String name, Precision precision) {
        GoldenVideo golden = GoldenVideo.open(name);
        int clips = golden.clips().size();
        StreamSlots slots = new StreamSlots(clips + 3);
        slots.open(); // so that streams and slots have other numbers
        try (LoadedVideoModel model = load(golden, precision, slots)) {
            List<StreamState> streams =
                    IntStream.range(0, clips).mapToObj(_ -> slots.open()).toList();
            for (int t = 0; t < golden.logits()[0].length; t++) {
                List<PreparedFrame> frames = new ArrayList<>();
                for (int n = 0; n < clips; n++) {
                    frames.add(frame(golden.clips().get(n).get(t), streams.get(n)));
                }
                List<FrameLogits> results = model.run(frames);
                for (int n = 0; n < clips; n++) {
                    assertThat(results.get(n).stateReset()).isFalse();
                    GoldenPicturesContract.assertMatches(
                            name + " clip " + n + " frame " + t,
                            results.get(n).logits(),
                            golden.logits()[n][t],
                            precision);
                }
            }
            int[] places = streams.stream().mapToInt(StreamState::slot).toArray();
            for (int part = 0; part < golden.state().size(); part++) {
                float[] kept = device().download(model.states().gather(part, places));
                GoldenPicturesContract.assertMatches(
                        name + " state " + part, kept, golden.state().get(part), precision);
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void framesOneByOneAreTheWholeClipAtOnceAndInPieces(String name, Precision precision) {
        GoldenVideo golden = GoldenVideo.open(name);
        List<PreparedImage> pictures = golden.clips().getFirst();
        StreamSlots slots = new StreamSlots(3);
        try (LoadedVideoModel model = load(golden, precision, slots)) {
            StreamState single = slots.open();
            List<float[]> alone = new ArrayList<>();
            for (PreparedImage picture : pictures) {
                alone.add(only(model.run(List.of(frame(picture, single)))));
            }
            List<FrameLogits> whole = model.run(clip(pictures, slots.open()));
            StreamState cut = slots.open();
            List<FrameLogits> pieces = new ArrayList<>(model.run(clip(pictures.subList(0, 3), cut)));
            pieces.addAll(model.run(clip(pictures.subList(3, pictures.size()), cut)));
            for (int t = 0; t < pictures.size(); t++) {
                assertSame(precision, name + " whole, frame " + t, whole.get(t).logits(), alone.get(t));
                assertSame(
                        precision,
                        name + " in pieces, frame " + t,
                        pieces.get(t).logits(),
                        alone.get(t));
            }
        }
    }

    /** Streams that come and go, in batches of some of them in any order, also with two frames of one. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void aStreamAloneIsTheStreamInCompany(String name, Precision precision) {
        GoldenVideo golden = GoldenVideo.open(name);
        Random random = new Random(7);
        int count = 5;
        StreamSlots slots = new StreamSlots(count);
        try (LoadedVideoModel model = load(golden, precision, slots)) {
            List<List<PreparedImage>> shown = new ArrayList<>();
            List<List<float[]>> alone = new ArrayList<>();
            for (int s = 0; s < count; s++) {
                List<PreparedImage> pictures =
                        new ArrayList<>(golden.clips().get(s % golden.clips().size()));
                Collections.shuffle(pictures, random);
                shown.add(pictures);
                StreamState stream = slots.open();
                List<float[]> logits = new ArrayList<>();
                for (PreparedImage picture : pictures) {
                    logits.add(only(model.run(List.of(frame(picture, stream)))));
                }
                alone.add(logits);
                stream.close();
            }
            List<StreamState> streams =
                    IntStream.range(0, count).mapToObj(_ -> slots.open()).toList();
            int[] next = new int[count];
            while (IntStream.range(0, count)
                    .anyMatch(s -> next[s] < shown.get(s).size())) {
                List<PreparedFrame> batch = new ArrayList<>();
                List<float[]> expected = new ArrayList<>();
                for (int i = 0; i < 6; i++) {
                    int s = random.nextInt(count);
                    if (next[s] < shown.get(s).size()) {
                        batch.add(frame(shown.get(s).get(next[s]), streams.get(s)));
                        expected.add(alone.get(s).get(next[s]));
                        next[s]++;
                    }
                }
                if (random.nextBoolean()) {
                    batch.add(frame(shown.getFirst().getFirst(), null));
                    expected.add(alone.getFirst().getFirst());
                }
                if (!batch.isEmpty()) {
                    List<FrameLogits> results = model.run(batch);
                    for (int i = 0; i < results.size(); i++) {
                        assertSame(precision, name + " row " + i, results.get(i).logits(), expected.get(i));
                    }
                }
            }
        }
    }

    @Test
    void aFrameWithoutAStreamIsAFirstOneAndIsForgotten() {
        GoldenVideo golden = GoldenVideo.open("video-gru");
        StreamSlots slots = new StreamSlots(1);
        try (LoadedVideoModel model = load(golden, Precision.F32, slots)) {
            List<PreparedImage> pictures = golden.clips().getFirst();
            StreamState stream = slots.open();
            only(model.run(List.of(frame(pictures.getFirst(), stream))));
            for (int time = 0; time < 2; time++) {
                float[] first = only(model.run(List.of(frame(pictures.getFirst(), null))));
                assertSame(Precision.F32, "alone", first, golden.logits()[0][0]);
            }
            float[] second = only(model.run(List.of(frame(pictures.get(1), stream))));
            assertSame(Precision.F32, "after them", second, golden.logits()[0][1]);
        }
    }

    /** A frame may still wait when its stream ends and the next one takes its place. */
    @Test
    void theNextStreamInAPlaceBeginsAtZeroAndIsNotDisturbedByTheOneBefore() {
        GoldenVideo golden = GoldenVideo.open("video-lstm");
        StreamSlots slots = new StreamSlots(1);
        try (LoadedVideoModel model = load(golden, Precision.F32, slots)) {
            List<PreparedImage> pictures = golden.clips().getFirst();
            StreamState old = slots.open();
            model.run(clip(pictures, old));
            PreparedFrame waiting = frame(pictures.get(4), old);
            old.close();
            StreamState next = slots.open();
            List<FrameLogits> both =
                    model.run(List.of(waiting, frame(pictures.get(0), next), frame(pictures.get(3), old)));
            assertSame(Precision.F32, "first of the next", both.get(1).logits(), golden.logits()[0][0]);
            assertThat(both.get(1).stateReset()).isFalse();
            model.run(List.of(frame(pictures.get(2), old)));
            float[] second = only(model.run(List.of(frame(pictures.get(1), next))));
            assertSame(Precision.F32, "second of the next", second, golden.logits()[0][1]);
        }
    }

    @Test
    void streamsLearnThatTheirStateIsGoneWhenTheModelIsLoadedAnew() {
        GoldenVideo golden = GoldenVideo.open("video-gru");
        StreamSlots slots = new StreamSlots(2);
        List<PreparedImage> pictures = golden.clips().getFirst();
        StreamState known = slots.open();
        StreamState fresh = slots.open();
        try (LoadedVideoModel model = load(golden, Precision.F32, slots)) {
            model.run(clip(pictures, known));
        }
        try (LoadedVideoModel again = load(golden, Precision.F32, slots)) {
            List<FrameLogits> results = again.run(List.of(
                    frame(pictures.get(0), known), frame(pictures.get(1), known), frame(pictures.get(0), fresh)));
            assertThat(results).extracting(FrameLogits::stateReset).containsExactly(true, false, false);
            assertSame(Precision.F32, "after the loss", results.get(0).logits(), golden.logits()[0][0]);
            assertSame(Precision.F32, "fresh", results.get(2).logits(), golden.logits()[0][0]);
            assertSame(
                    Precision.F32,
                    "then",
                    only(again.run(List.of(frame(pictures.get(2), known)))),
                    golden.logits()[0][2]);
        }
    }

    @Test
    void aBatchThatFailsBeforeStatesAreWrittenChangesNoneAndOneThatFailsLaterSaysSo() {
        GoldenVideo golden = GoldenVideo.open("video-gru");
        StreamSlots slots = new StreamSlots(2);
        List<PreparedImage> pictures = golden.clips().getFirst();
        try (LoadedVideoModel model = load(golden, Precision.F32, slots)) {
            StreamState stream = slots.open();
            only(model.run(List.of(frame(pictures.get(0), stream))));
            PreparedImage wrong = new PreparedImage(1, 1, 1, new byte[1]);
            assertThat(failureOf(model, List.of(frame(pictures.get(3), stream), frame(wrong, null))))
                    .isInstanceOf(IllegalArgumentException.class);
            assertSame(
                    Precision.F32,
                    "before",
                    only(model.run(List.of(frame(pictures.get(1), stream)))),
                    golden.logits()[0][1]);

            FailingStates failing = new FailingStates(model.states());
            LoadedVideoModel broken = new LoadedVideoModel(
                    model.card(),
                    model.processor(),
                    model.pictures(),
                    model.network(),
                    model.head(),
                    model.device(),
                    model.weights(),
                    slots,
                    failing);
            StreamState other = slots.open();
            only(broken.run(List.of(frame(pictures.get(0), other))));
            failing.failAt(1); // of two layers
            assertThat(failureOf(broken, List.of(frame(pictures.get(3), other))))
                    .isInstanceOf(IllegalStateException.class);
            FrameLogits after =
                    broken.run(List.of(frame(pictures.get(0), other))).getFirst();
            assertThat(after.stateReset()).isTrue();
            assertSame(Precision.F32, "later", after.logits(), golden.logits()[0][0]);
        }
    }

    private static @Nullable Throwable failureOf(LoadedVideoModel model, List<PreparedFrame> frames) {
        try {
            model.run(frames);
            return null;
        } catch (RuntimeException failure) {
            return failure;
        }
    }
}
