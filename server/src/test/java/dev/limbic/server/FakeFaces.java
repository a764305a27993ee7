package dev.limbic.server;

import dev.limbic.domain.Box;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Face;
import dev.limbic.domain.Image;
import dev.limbic.model.FaceMap;
import dev.limbic.model.FinderInput;
import dev.limbic.model.Kinds;
import dev.limbic.model.ModelCard;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.preprocess.image.codec.Pixels;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.pipeline.Served;
import java.time.Duration;
import java.util.List;

/**
 * A finder that finds what it is told, and a reader whose logits are red, green and blue of the middle of what it sees, its
 * width and its height. A gate can hold the reader's device.
 */
public final class FakeFaces {
    /** Where the finder finds faces until it is told otherwise. */
    public static final List<Face> FOUND =
            List.of(new Face(new Box(.5f, 0, .5f, .5f), .75f), new Face(new Box(0, .25f, .5f, .5f), .5f));

    private static final int COST = 16 * 16;

    private final ImageDecoder decoder = new ImageDecoder(ImageLimits.DEFAULT);
    private final DeviceGate gate = new DeviceGate();
    private volatile List<Face> found = FOUND;

    /** From now on each batch of the reader waits on the device. */
    public void holdBatches() {
        gate.hold();
    }

    /** Waits until a batch of the reader has reached the device and is held there. */
    public void awaitHeldBatch() throws InterruptedException {
        gate.awaitHeld();
    }

    /** Lets every held and later batch through. */
    public void stopHolding() {
        gate.stopHolding();
    }

    /** What is found from now on. */
    public void find(List<Face> faces) {
        found = faces;
    }

    /** The reader's and the finder's. */
    public List<ModelCard> cards() {
        return List.of(new Reader().card(), new Finder().card());
    }

    /** Both, served on one device. */
    public List<Served> on(MicroBatcher batcher) {
        BatchPolicy policy = new BatchPolicy(1 << 20, 4, 64, Duration.ZERO);
        return List.of(new Reader().on(batcher, policy), new Finder().on(batcher, policy));
    }

    private final class Reader extends FakePictureModel<Image, PreparedImage, float[], Emotions> {
        Reader() {
            super(
                    Kinds.IMAGE,
                    reads(Kinds.IMAGE, "reader", 16, "red", "green", "blue", "width", "height"),
                    COST,
                    false);
        }

        @Override
        public PreparedImage prepare(Image input) {
            Pixels pixels = decoder.decode(input.source(), ImageDecoder.Transparency.DROPPED);
            int middle = 3 * (pixels.height() / 2 * pixels.width() + pixels.width() / 2);
            byte[] samples = new byte[3 * COST];
            System.arraycopy(pixels.rgb(), middle, samples, 0, 3);
            samples[3] = (byte) pixels.width();
            samples[4] = (byte) pixels.height();
            return new PreparedImage(16, 16, 3, samples);
        }

        @Override
        public List<float[]> run(List<PreparedImage> rows) {
            gate.pass();
            return rows.stream().map(Reader::seen).toList();
        }

        private static float[] seen(PreparedImage row) {
            float[] seen = new float[5];
            for (int i = 0; i < seen.length; i++) {
                seen[i] = row.samples()[i] & 0xFF;
            }
            return seen;
        }

        @Override
        public Emotions interpret(float[] result) {
            return new Emotions(result, result, List.of(0), new float[8], null, 0);
        }
    }

    private final class Finder extends FakePictureModel<Image, FinderInput, FaceMap, List<Face>> {
        Finder() {
            super(Kinds.FINDER, finds(16), COST, false);
        }

        @Override
        public FinderInput prepare(Image input) {
            decoder.decode(input.source(), ImageDecoder.Transparency.DROPPED);
            return new FinderInput(new PreparedImage(16, 16, 3, new byte[3 * COST]), new ImageSettings.Size(16, 16));
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
}
