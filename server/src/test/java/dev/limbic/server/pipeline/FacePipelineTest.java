package dev.limbic.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.limbic.domain.Box;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Face;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.domain.ImageSource.PixelFormat;
import dev.limbic.domain.ImageSource.RawImage;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.FaceMap;
import dev.limbic.model.FinderInput;
import dev.limbic.model.Kinds;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.server.FakePictureModel;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Faces of a picture, with a finder and a reader that can be foretold and workers that the test runs by hand. */
class FacePipelineTest {
    static final int SIDE = 40;
    private static final int PIXELS = 3 * SIDE * SIDE;

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
    private final ExecutorService completions = Executors.newSingleThreadExecutor();
    private final MicroBatcher batcher = new MicroBatcher("cpu", completions, BatchObserver.NONE, () -> {});
    private volatile List<Face> found = List.of();
    private volatile Consumer<PreparedImage> reading = picture -> {};
    private int room = 100;
    private final FacePipeline pipeline = pipeline();

    private FacePipeline pipeline() {
        InputLimits limits = new InputLimits(100, 4 * SIDE * SIDE);
        BatchPolicy policy = new BatchPolicy(1 << 20, 8, 64, Duration.ZERO);
        Catalog catalog =
                new Catalog(List.of(new Reader().on(batcher, policy), new Finder().on(batcher, policy)), Set.of());
        return new FacePipeline(
                new Pipeline(catalog, limits, this::leave),
                limits,
                new ImageDecoder(ImageLimits.DEFAULT),
                this::leave,
                5 * PIXELS);
    }

    private void leave(Runnable task) {
        if (tasks.size() >= room) {
            throw new RejectedExecutionException();
        }
        tasks.add(task);
    }

    @AfterEach
    void close() {
        batcher.close();
        completions.shutdown();
    }

    /** Answers with the brightness of the first sample and the width of what it was shown. */
    private final class Reader extends FakePictureModel<Image, PreparedImage, float[], Emotions> {
        private final ImageDecoder decoder = new ImageDecoder(ImageLimits.DEFAULT);

        Reader() {
            super(Kinds.IMAGE, reads(Kinds.IMAGE, "reader", SIDE, "a", "b"), 1, false);
        }

        @Override
        public PreparedImage prepare(Image input) {
            var pixels = decoder.decode(input.source(), ImageDecoder.Transparency.DROPPED);
            return new PreparedImage(pixels.width(), pixels.height(), 3, pixels.rgb());
        }

        @Override
        public List<float[]> run(List<PreparedImage> rows) {
            rows.forEach(reading);
            return rows.stream()
                    .map(row -> new float[] {row.samples()[0] & 0xFF, row.width()})
                    .toList();
        }

        @Override
        public Emotions interpret(float[] result) {
            return new Emotions(result, result, List.of(0), new float[8], null, 0);
        }
    }

    private final class Finder extends FakePictureModel<Image, FinderInput, FaceMap, List<Face>> {
        Finder() {
            super(Kinds.FINDER, finds(SIDE), 1, false);
        }

        @Override
        public FinderInput prepare(Image input) {
            return new FinderInput(new PreparedImage(1, 1, 1, new byte[1]), new ImageSettings.Size(1, 1));
        }

        @Override
        public List<FaceMap> run(List<FinderInput> rows) {
            return rows.stream().map(row -> new FaceMap(new float[0], 1, 1, 1)).toList();
        }

        @Override
        public List<Face> interpret(FaceMap result) {
            return found;
        }
    }

    /** Grey, brighter from column to column. */
    static Image picture() {
        byte[] grey = new byte[SIDE * SIDE];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = (byte) (i % SIDE);
        }
        return new Image(new RawImage(PixelFormat.GREY, SIDE, SIDE, 0, grey));
    }

    private Pending read(Image image, Box... boxes) {
        FaceRequest request = new FaceRequest("", "", image, List.of(boxes), Priority.NORMAL, Long.MAX_VALUE);
        return pipeline.read(request, new FaceOutcomes(outcomes));
    }

    /** Runs what workers are given until something came of it. */
    private Object outcome() throws InterruptedException {
        for (int i = 0; i < 2000; i++) {
            while (!tasks.isEmpty()) {
                tasks.remove().run();
            }
            Object outcome = outcomes.poll(10, TimeUnit.MILLISECONDS);
            if (outcome != null) {
                return outcome;
            }
        }
        throw new AssertionError("nothing came of the picture in 20 s");
    }

    private static float brightness(FaceReading.ReadFace face) {
        return face.emotions().value().logits()[0];
    }

    @Test
    void facesThatAreFoundAreCutOutAndReadInTheirOrder() throws InterruptedException {
        found = List.of(new Face(new Box(.5f, 0, .25f, .5f), .9f), new Face(new Box(.1f, .2f, .5f, .5f), .7f));
        read(picture());
        FaceReading reading = (FaceReading) outcome();
        assertThat(reading.width()).isEqualTo(SIDE);
        assertThat(reading.faces()).extracting(each -> each.face().score()).containsExactly(.9f, .7f);
        assertThat(reading.faces()).extracting(FacePipelineTest::brightness).containsExactly(20f, 4f);
        assertThat(reading.faces().getFirst().emotions().value().logits()[1]).isEqualTo(10);
        assertThat(reading.finder()).isNotNull();
    }

    @Test
    void boxesOfTheClientAreNotSearchedFor() throws InterruptedException {
        found = List.of(new Face(Box.WHOLE, 1));
        read(picture(), new Box(.25f, 0, .1f, .1f));
        FaceReading reading = (FaceReading) outcome();
        assertThat(reading.finder()).isNull();
        assertThat(reading.faces()).extracting(FacePipelineTest::brightness).containsExactly(10f);
        read(picture(), Box.WHOLE);
        assertThat(((FaceReading) outcome())
                        .faces()
                        .getFirst()
                        .emotions()
                        .value()
                        .logits()[1])
                .isEqualTo(SIDE);
    }

    @Test
    void aPictureWithoutFacesIsAnAnswer() throws InterruptedException {
        read(picture());
        assertThat(((FaceReading) outcome()).faces()).isEmpty();
    }

    @Test
    void aCrowdIsBounded() throws InterruptedException {
        found = java.util.Collections.nCopies(FaceJob.MOST_FACES + 9, new Face(Box.WHOLE, 1));
        read(picture());
        assertThat(((FaceReading) outcome()).faces()).hasSize(FaceJob.MOST_FACES);
    }

    @Test
    void whatIsNoPictureFailsWithItsReason() throws InterruptedException {
        read(new Image(new EncodedImage(new byte[] {1, 2, 3, 4})));
        assertThat(outcome()).isInstanceOf(LimbicException.Invalid.class);
        read(picture(), new Box(2, 2, 1, 1));
        assertThat(outcome()).isInstanceOf(LimbicException.Invalid.class);
        assertThatThrownBy(() -> read(new Image(new EncodedImage(new byte[0]))))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessage("the picture is empty");
    }

    @Test
    void sizesAreBoundedAsTheyAreSentAndNotAsTheyAreDecoded() throws InterruptedException {
        assertThatThrownBy(() -> read(new Image(new EncodedImage(new byte[4 * SIDE * SIDE + 1]))))
                .isInstanceOf(LimbicException.TooLarge.class)
                .hasMessageContaining("limits.max-image");
        // 4·SIDE² bytes of grey are 12·SIDE² of RGB
        read(new Image(new RawImage(PixelFormat.GREY, 2 * SIDE, 2 * SIDE, 0, new byte[4 * SIDE * SIDE])), Box.WHOLE);
        assertThat(outcome()).isInstanceOf(FaceReading.class);
    }

    @Test
    void tooManyPicturesAreRefused() {
        room = 1;
        read(picture());
        assertThatThrownBy(() -> read(picture())).isInstanceOf(LimbicException.Overloaded.class);
    }

    @Test
    void thePixelsOfAllPicturesTogetherAreBounded() throws InterruptedException {
        Pending first = read(picture(), Box.WHOLE);
        for (int i = 0; i < 5; i++) {
            read(picture(), Box.WHOLE);
        }
        for (int i = 0; i < 6; i++) {
            tasks.remove().run(); // decodes; what comes of it waits behind the others
        }
        assertThat(outcomes.remove())
                .asInstanceOf(type(LimbicException.Overloaded.class))
                .extracting(Throwable::getMessage)
                .asString()
                .contains("24000 bytes of pixels", "limits.max-bytes-in-flight");
        assertThat(pipeline.decodedBytes()).isEqualTo(5 * PIXELS);
        first.cancel();
        assertThat(pipeline.decodedBytes()).isEqualTo(4 * PIXELS);
        for (int i = 0; i < 4; i++) {
            assertThat(outcome()).isInstanceOf(FaceReading.class);
        }
        assertThat(pipeline.decodedBytes()).isZero();
    }

    @Test
    void facesThatAreCutOutCountAsPixelsToo() throws InterruptedException {
        Box almost = new Box(0, 0, 1, .99f);
        read(picture(), almost, almost, almost, almost, almost);
        assertThat(outcome()).isInstanceOf(LimbicException.Overloaded.class);
        assertThat(pipeline.decodedBytes()).isZero();
    }

    @Test
    void whatIsCancelledIsNeverAnswered() throws InterruptedException {
        Pending early = read(picture());
        assertThat(early.cancel()).isTrue();
        assertThat(early.cancel()).isFalse();
        Pending late = read(picture(), Box.WHOLE);
        tasks.remove().run(); // the one that was cancelled
        tasks.remove().run(); // decodes; its face waits for a worker
        assertThat(late.cancel()).isTrue();
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
        assertThat(outcomes.poll(100, TimeUnit.MILLISECONDS)).isNull();
    }

    @Test
    void aFaceThatCannotBeReadFailsThePictureOnce() throws InterruptedException {
        found = List.of(new Face(Box.WHOLE, 1), new Face(Box.WHOLE, 1), new Face(Box.WHOLE, 1));
        reading = picture -> {
            throw new IllegalStateException("broken");
        };
        read(picture());
        assertThat(outcome()).isInstanceOf(LimbicException.Internal.class);
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
        assertThat(outcomes.poll(100, TimeUnit.MILLISECONDS)).isNull();
    }

    @Test
    void whatIsTooLateIsNotDecoded() throws InterruptedException {
        FaceRequest late = new FaceRequest("", "", picture(), List.of(), Priority.NORMAL, 0);
        assertThatThrownBy(() -> pipeline.read(late, new FaceOutcomes(outcomes)))
                .isInstanceOf(LimbicException.Expired.class);
        FaceRequest soon = new FaceRequest(
                "", "", new Image(new EncodedImage(new byte[9])), List.of(), Priority.NORMAL, 1_000_000);
        pipeline.read(soon, new FaceOutcomes(outcomes));
        Thread.sleep(5);
        assertThat(outcome()).isInstanceOf(LimbicException.Expired.class);
    }

    @Test
    void modelsAreNamedBeforeAnythingIsRead() {
        FaceRequest nobody = new FaceRequest("nobody", "", picture(), List.of(), Priority.NORMAL, Long.MAX_VALUE);
        assertThatThrownBy(() -> pipeline.read(nobody, new FaceOutcomes(outcomes)))
                .isInstanceOf(LimbicException.NotFound.class)
                .hasMessage("no image or video model of that name; this server has reader");
        FaceRequest noFinder = new FaceRequest("", "nobody", picture(), List.of(), Priority.NORMAL, Long.MAX_VALUE);
        assertThatThrownBy(() -> pipeline.read(noFinder, new FaceOutcomes(outcomes)))
                .isInstanceOf(LimbicException.NotFound.class)
                .hasMessage("no finder model of that name; this server has finder");
    }
}
