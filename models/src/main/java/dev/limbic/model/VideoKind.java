package dev.limbic.model;

import dev.limbic.domain.Frame;
import dev.limbic.domain.FrameEmotions;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Precision;
import dev.limbic.ops.StatePool;
import dev.limbic.ops.Weights;
import dev.limbic.preprocess.image.ImageProcessor;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.weights.HfConfig;
import dev.limbic.weights.HfDirectory;
import java.util.List;

/** Classifiers of video that shows one face: frames in, logits after each of them out. */
public final class VideoKind extends BatchKind<Frame, PreparedFrame, FrameLogits, FrameEmotions> {
    VideoKind() {
        super("video", Unit.PIXELS);
    }

    Architecture<Model<Frame, PreparedFrame, FrameLogits, FrameEmotions>> architecture() {
        return new Architecture<>(this, false, VideoKind::load);
    }

    private static Model<Frame, PreparedFrame, FrameLogits, FrameEmotions> load(
            HfDirectory directory, Loading loading, Precision precision) {
        HfConfig config = directory.config();
        HeadConfig reading = HeadConfig.of(config);
        Weights weights = loading.device().weights();
        try {
            Parameters parameters = new Parameters(directory.weights(), weights, precision);
            VideoClassifier network =
                    new VideoClassifier(config, parameters, reading.labels().size());
            OtherHeads.leave(directory, loading.name(), ImageKind.HARMLESS);
            ImageSettings settings = ImageKind.settings(loading.folder(), network.frames());
            Pictures pictures = Pictures.of(parameters, settings, loading.device(), network.frames());
            StatePool states = loading.device().states(loading.slots().size(), network.stateWidths());
            return new LoadedVideoModel(
                    ImageKind.card(Kinds.VIDEO, directory, loading, reading, settings, precision),
                    new ImageProcessor(settings, new ImageDecoder(ImageLimits.DEFAULT)),
                    pictures,
                    network,
                    reading.head(),
                    loading.device(),
                    weights,
                    loading.slots(),
                    states);
        } catch (RuntimeException | Error failure) {
            weights.close();
            throw failure;
        }
    }

    @Override
    public List<Frame> samples() {
        return Kinds.IMAGE.samples().stream()
                .map(image -> new Frame(image.source(), null))
                .toList();
    }
}
