package dev.limbic.model;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Image;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Device;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Weights;
import dev.limbic.postprocess.Head;
import dev.limbic.preprocess.image.ImageProcessor;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.tensor.Tensor;
import java.util.List;

/** Processor, network and head of one model on one device. */
record LoadedImageModel(
        ClassifierCard card,
        ImageProcessor processor,
        Pictures pictures,
        Linear classifier,
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
        return pictures.input().size().height() * pictures.input().size().width();
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
        Tensor logits = pictures.run(
                device,
                rows,
                tap,
                (ops, features) -> ops.rows().linear(features, classifier, Activation.NONE)); // [N, L]
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
