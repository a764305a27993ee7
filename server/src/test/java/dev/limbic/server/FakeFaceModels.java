package dev.limbic.server;

import dev.limbic.domain.Box;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Face;
import dev.limbic.domain.Frame;
import dev.limbic.domain.FrameEmotions;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.RawImage;
import dev.limbic.domain.StreamSlots;
import dev.limbic.domain.StreamState;
import dev.limbic.model.FaceMap;
import dev.limbic.model.FinderInput;
import dev.limbic.model.FrameLogits;
import dev.limbic.model.Kinds;
import dev.limbic.model.ModelRegistry;
import dev.limbic.model.PreparedFrame;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.pipeline.Served;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A model that reads faces and one that finds them, whose answers can be foretold. Of a picture of raw RGB the first sample
 * is the first logit of the whole; each column whose upper sample of blue is not 0 is the left edge of a face, a tenth of the
 * picture wide. A gate can hold the reader's device. A third one remembers: its first logit counts the frames of a face.
 */
public final class FakeFaceModels {
    /** Side of pictures, in pixels. */
    public static final int SIDE = 40;

    private final List<Integer> read = new CopyOnWriteArrayList<>();
    private final StreamSlots slots = new StreamSlots(100);
    private final DeviceGate gate = new DeviceGate();

    /** From now on each batch of the reader waits on the device until it is let through. */
    public void holdBatches() {
        gate.hold();
    }

    /** Waits until a batch has reached the device and is held there. */
    public void awaitHeldBatch() throws InterruptedException {
        gate.awaitHeld();
    }

    /** Lets this many held batches through. */
    public void letThrough(int count) {
        gate.letThrough(count);
    }

    /** Lets every held and later batch through. */
    public void stopHolding() {
        gate.stopHolding();
    }

    /** First samples of what was read. */
    public List<Integer> read() {
        return read;
    }

    /** Places of the one that remembers. */
    public StreamSlots slots() {
        return slots;
    }

    /** All, as they are served on lanes of their own. */
    public List<Served> on(MicroBatcher batcher, BatchPolicy policy) {
        return List.of(
                new Reader().on(batcher, policy), new Finder().on(batcher, policy), new Video().on(batcher, policy));
    }

    /** The reader and the finder, as a host has them. */
    public List<ModelRegistry.Typed<?>> typed() {
        return List.of(new Reader().typed(), new Finder().typed());
    }

    private static PreparedImage samples(Image input) {
        if (!(input.source() instanceof RawImage raw)) {
            throw new IllegalArgumentException("not raw");
        }
        return new PreparedImage(raw.width(), raw.height(), 3, raw.bytes());
    }

    private final class Reader extends FakePictureModel<Image, PreparedImage, float[], Emotions> {
        Reader() {
            super(Kinds.IMAGE, reads(Kinds.IMAGE, "reader", SIDE, "a", "b"), 1, true);
        }

        @Override
        public PreparedImage prepare(Image input) {
            return samples(input);
        }

        @Override
        public List<float[]> run(List<PreparedImage> rows) {
            gate.pass();
            List<float[]> logits = new ArrayList<>();
            for (PreparedImage row : rows) {
                int first = row.samples()[0] & 0xFF;
                read.add(first);
                logits.add(new float[] {first, 0});
            }
            return logits;
        }

        /** The probability of the first label is a hundredth of its logit. */
        @Override
        public Emotions interpret(float[] logits) {
            float first = logits[0] / 100;
            return new Emotions(logits, new float[] {first, 1 - first}, List.of(0), new float[8], null, first);
        }
    }

    private final class Video extends FakePictureModel<Frame, PreparedFrame, FrameLogits, FrameEmotions> {
        private final Map<StreamState, Integer> frames = new WeakHashMap<>();

        Video() {
            super(Kinds.VIDEO, reads(Kinds.VIDEO, "video", SIDE, "a", "b"), 1, true);
        }

        @Override
        public PreparedFrame prepare(Frame input) {
            return new PreparedFrame(samples(new Image(input.source())), input.stream());
        }

        @Override
        public List<FrameLogits> run(List<PreparedFrame> rows) {
            return rows.stream()
                    .map(row -> {
                        StreamState stream = row.stream();
                        int count = stream == null ? 1 : frames.merge(stream, 1, Integer::sum);
                        return new FrameLogits(new float[] {count, 0}, false);
                    })
                    .toList();
        }

        @Override
        public FrameEmotions interpret(FrameLogits result) {
            float[] logits = result.logits();
            return new FrameEmotions(
                    new Emotions(logits, logits, List.of(0), new float[8], null, 0), result.stateReset());
        }

        @Override
        public Optional<StreamSlots> slots() {
            return Optional.of(slots);
        }
    }

    private static final class Finder extends FakePictureModel<Image, FinderInput, FaceMap, List<Face>> {
        Finder() {
            super(Kinds.FINDER, finds(SIDE), 1, true);
        }

        @Override
        public FinderInput prepare(Image input) {
            return new FinderInput(samples(input), new ImageSettings.Size(SIDE, SIDE));
        }

        @Override
        public List<FaceMap> run(List<FinderInput> rows) {
            List<FaceMap> maps = new ArrayList<>();
            for (FinderInput row : rows) {
                float[] edges = new float[SIDE];
                for (int x = 0; x < SIDE; x++) {
                    edges[x] = row.picture().samples()[3 * x + 2];
                }
                maps.add(new FaceMap(edges, 1, 1, 1));
            }
            return maps;
        }

        /** The brighter one is the more certain. */
        @Override
        public List<Face> interpret(FaceMap result) {
            List<Face> faces = new ArrayList<>();
            for (int x = 0; x < SIDE; x++) {
                if (result.values()[x] != 0) {
                    faces.add(new Face(new Box((float) x / SIDE, 0, 0.1f, 0.5f), result.values()[x] / 100));
                }
            }
            faces.sort((a, b) -> Float.compare(b.score(), a.score()));
            return faces;
        }
    }
}
