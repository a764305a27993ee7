package dev.limbic.model;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Image;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Device;
import dev.limbic.ops.Extent;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Weights;
import dev.limbic.postprocess.Head;
import dev.limbic.preprocess.image.ImageProcessor;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;

/** Processor, network and head of one model on one device. */
record LoadedImageModel(
        ClassifierCard card,
        ImageProcessor processor,
        PictureInput input,
        PictureNetwork network,
        Head head,
        Device device,
        Weights weights)
        implements Model<Image, PreparedImage, float[], Emotions> {
    @Override
    public PreparedImage prepare(Image image) {
        return processor.prepare(image.source());
    }

    @Override
    public int expectedCost(Image image) {
        return input.size().height() * input.size().width();
    }

    @Override
    public boolean isQuick(Image image) {
        return false;
    }

    @Override
    public List<float[]> run(List<PreparedImage> rows) {
        return run(rows, PictureNetwork.Tap.NONE);
    }

    /** {@link #run(List)} with an observer of what lies between the layers, and of the features. */
    List<float[]> run(List<PreparedImage> rows, PictureNetwork.Tap tap) {
        device.beginBatch();
        Ops ops = device.ops();
        Planes planes = input.planes(rows.size());
        Tensor bytes = input.upload(device, rows);
        PictureNetwork.Forward forward = network.on(device, rows.size());
        Supplier<Tensor> work = () -> {
            Tensor pixels = input.normalised(device, bytes, planes); // [N·H·W, C]
            Tensor features = forward.features(ops, pixels, planes, tap); // [N, F]
            return ops.rows().linear(features, network.classifier(), Activation.NONE); // [N, L]
        };
        Tensor logits = tap.equals(PictureNetwork.Tap.NONE)
                ? device.replay(network, new Extent(planes.rows(), planes.n(), planes.pixels()), work)
                : work.get();
        return HostRows.of(device.download(logits), logits.columns(), rows.size());
    }

    @Override
    public Emotions interpret(float[] logits) {
        return head.interpret(logits);
    }

    @Override
    public void close() {
        weights.close();
    }
}
