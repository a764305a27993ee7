package dev.limbic.model;

import dev.limbic.domain.Face;
import dev.limbic.domain.Image;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.preprocess.image.ImageProcessor;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.ProcessorConfig;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.weights.HfDirectory;
import java.util.List;
import java.util.Locale;

/** Finders of faces: a picture in, boxes out. */
public final class FinderKind extends BatchKind<Image, FinderInput, FaceMap, List<Face>> {
    FinderKind() {
        super("finder", Unit.PIXELS);
    }

    Architecture<Model<Image, FinderInput, FaceMap, List<Face>>> architecture() {
        return new Architecture<>(this, false, FinderKind::load);
    }

    private static Model<Image, FinderInput, FaceMap, List<Face>> load(
            HfDirectory directory, Loading loading, Precision precision) {
        Weights weights = loading.device().weights();
        try {
            Parameters parameters = new Parameters(directory.weights(), weights, precision);
            TinyFaceDetector network = new TinyFaceDetector(directory.config(), parameters);
            directory.weights().requireAllTaken();
            ImageSettings settings = ProcessorConfig.read(loading.folder(), network.channels());
            ImageSettings.Size size = settings.size();
            if (!(settings.resize() instanceof ImageSettings.Within within)
                    || size.height() != network.size()
                    || size.width() != network.size()) {
                throw directory
                        .config()
                        .unexpected(
                                "image_size",
                                "that preprocessor_config.json pads pictures to this size",
                                Integer.toString(network.size()));
            }
            FinderCard card = new FinderCard(
                    loading.name(),
                    Kinds.FINDER.name(),
                    directory.config().architecture(),
                    network.size(),
                    directory.weights().parameters(),
                    precision.name().toLowerCase(Locale.ROOT),
                    loading.device().name());
            ImageProcessor processor = new ImageProcessor(settings, new ImageDecoder(ImageLimits.DEFAULT));
            PictureInput input = PictureInput.of(
                    parameters, settings, PictureNetwork.betweenConvolutions(loading.device(), precision));
            return new LoadedFinder(card, processor, within, input, network, loading.device(), weights);
        } catch (RuntimeException | Error failure) {
            weights.close();
            throw failure;
        }
    }

    @Override
    public List<Image> samples() {
        return Kinds.IMAGE.samples();
    }
}
