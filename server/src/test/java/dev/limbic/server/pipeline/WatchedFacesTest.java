package dev.limbic.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.Box;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Face;
import dev.limbic.domain.Frame;
import dev.limbic.domain.FrameEmotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.StreamSlots;
import dev.limbic.domain.StreamState;
import dev.limbic.model.FrameLogits;
import dev.limbic.model.Kinds;
import dev.limbic.model.PreparedFrame;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.server.FakePictureModel;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Faces that a model for video reads, each after the earlier ones of its stream. */
class WatchedFacesTest {
    private static final int SIDE = FacePipelineTest.SIDE;

    private final BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(2);
    private final MicroBatcher batcher = new MicroBatcher("cpu", threads, BatchObserver.NONE, () -> {});
    private final StreamSlots slots = new StreamSlots(3);
    private final FacePipeline pipeline = pipeline();

    private FacePipeline pipeline() {
        InputLimits limits = new InputLimits(100, 4 * SIDE * SIDE);
        BatchPolicy policy = new BatchPolicy(1 << 20, 8, 64, Duration.ZERO);
        var served = new Watcher().on(batcher, policy);
        Pipeline inner = new Pipeline(new Catalog(List.of(served), Set.of()), limits, threads);
        return new FacePipeline(inner, limits, new ImageDecoder(ImageLimits.DEFAULT), threads, Long.MAX_VALUE);
    }

    @AfterEach
    void close() {
        batcher.close();
        threads.shutdown();
    }

    /** Answers with the first sample and the slot of the stream; of slot 1 it has forgotten everything. */
    private final class Watcher extends FakePictureModel<Frame, PreparedFrame, FrameLogits, FrameEmotions> {
        private final ImageDecoder decoder = new ImageDecoder(ImageLimits.DEFAULT);

        Watcher() {
            super(Kinds.VIDEO, reads(Kinds.VIDEO, "watcher", SIDE, "a", "b"), 1, false);
        }

        @Override
        public PreparedFrame prepare(Frame input) {
            var pixels = decoder.decode(input.source(), ImageDecoder.Transparency.DROPPED);
            return new PreparedFrame(
                    new PreparedImage(pixels.width(), pixels.height(), 3, pixels.rgb()), input.stream());
        }

        @Override
        public Optional<StreamSlots> slots() {
            return Optional.of(slots);
        }

        @Override
        public List<FrameLogits> run(List<PreparedFrame> rows) {
            return rows.stream()
                    .map(row -> {
                        int slot = row.stream() == null
                                ? StreamState.NONE
                                : row.stream().slot();
                        return new FrameLogits(new float[] {row.picture().samples()[0], slot}, slot == 1);
                    })
                    .toList();
        }

        @Override
        public FrameEmotions interpret(FrameLogits result) {
            float[] logits = result.logits();
            return new FrameEmotions(
                    new Emotions(logits, logits, List.of(0), new float[8], null, 0), result.stateReset());
        }
    }

    private Object read(FaceStates states, Box... boxes) throws InterruptedException {
        FaceRequest request = new FaceRequest(
                "watcher", "", FacePipelineTest.picture(), List.of(boxes), Priority.NORMAL, Long.MAX_VALUE, states);
        pipeline.read(request, new FaceOutcomes(outcomes));
        return Objects.requireNonNull(outcomes.poll(20, TimeUnit.SECONDS), "nothing came of the picture in 20 s");
    }

    @Test
    void eachFaceGoesOnFromItsOwnStream() throws InterruptedException {
        StreamSlots places = pipeline.slots("watcher").orElseThrow();
        StreamState first = places.open();
        StreamState second = places.open();
        Box[] boxes = {new Box(.5f, 0, .25f, .5f), new Box(.1f, .2f, .5f, .5f), new Box(.3f, .2f, .5f, .5f)};
        List<List<Face>> asked = new ArrayList<>();
        FaceReading reading = (FaceReading) read(
                faces -> {
                    asked.add(faces);
                    return Arrays.asList(second, null, first);
                },
                boxes);
        assertThat(asked).hasSize(1);
        assertThat(asked.getFirst()).extracting(Face::box).containsExactly(boxes);
        assertThat(reading.faces())
                .extracting(each -> each.emotions().value().logits())
                .containsExactly(new float[] {20, 1}, new float[] {4, -1}, new float[] {12, 0});
        assertThat(reading.faces()).extracting(FaceReading.ReadFace::stateReset).containsExactly(true, false, false);
        assertThat(reading.faces().getFirst().emotions().model()).isEqualTo("watcher");
    }

    @Test
    void aPictureAloneIsReadToo() throws InterruptedException {
        FaceReading reading = (FaceReading) read(FaceStates.NONE, Box.WHOLE);
        assertThat(reading.faces().getFirst().emotions().value().logits()[1]).isEqualTo(StreamState.NONE);
    }

    @Test
    void streamsThatCannotBeToldFailThePictureOnce() throws InterruptedException {
        Object outcome = read(
                faces -> {
                    throw new LimbicException.Overloaded("full", Duration.ofSeconds(1));
                },
                Box.WHOLE,
                Box.WHOLE);
        assertThat(outcome).isInstanceOf(LimbicException.Overloaded.class);
        assertThat(outcomes.poll(50, TimeUnit.MILLISECONDS)).isNull();
    }

    @Test
    void aModelForVideoIsNotTheOneThatIsMeantWithoutAName() {
        assertThat(pipeline.slots("watcher")).containsSame(slots);
        assertThat(pipeline.slots("")).as("of the default one").isEmpty();
        assertThatThrownBy(() -> pipeline.slots("nobody"))
                .isInstanceOf(LimbicException.NotFound.class)
                .hasMessage("no image or video model of that name; this server has watcher");
    }
}
