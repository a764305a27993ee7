package dev.limbic.model;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.PixelFormat;
import dev.limbic.domain.ImageSource.RawImage;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.postprocess.Head;
import dev.limbic.preprocess.image.ImageProcessor;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.preprocess.image.ProcessorConfig;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.weights.HfConfig;
import dev.limbic.weights.HfConfig.ProblemType;
import dev.limbic.weights.HfDirectory;
import dev.limbic.weights.WeightsException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Classifiers of pictures that show one face: pixels in, logits out. */
public final class ImageKind extends BatchKind<Image, PreparedImage, float[], Emotions> {
    /** Builds a network for so many labels from a checked configuration and its weights. */
    interface Constructor {
        PictureNetwork create(HfConfig config, Parameters parameters, int labels);
    }

    /** What PyTorch counts while it trains, and what hides patches then. */
    private static final String[] HARMLESS = {"*.num_batches_tracked", "*.mask_token"};

    private static final int[] SAMPLE_SIDES = {64, 96, 160, 224, 320};

    ImageKind() {
        super("image", Unit.PIXELS);
    }

    Architecture<Model<Image, PreparedImage, float[], Emotions>> architecture(Constructor constructor) {
        return new Architecture<>(
                this, false, (directory, loading, precision) -> load(directory, loading, precision, constructor));
    }

    private static Model<Image, PreparedImage, float[], Emotions> load(
            HfDirectory directory, Loading loading, Precision precision, Constructor constructor) {
        HfConfig config = directory.config();
        HeadConfig reading = HeadConfig.of(config);
        Head head = reading.head();
        Weights weights = loading.device().weights();
        try {
            Parameters parameters = new Parameters(directory.weights(), weights, precision);
            PictureNetwork network =
                    constructor.create(config, parameters, reading.labels().size());
            OtherHeads.leave(directory, loading.name(), HARMLESS);
            ImageSettings settings = ProcessorConfig.read(loading.folder(), network.channels());
            ImageSettings.Size size = settings.size();
            requireSize(loading.folder(), size, network);
            ClassifierCard card = new ClassifierCard(
                    loading.name(),
                    Kinds.IMAGE.name(),
                    config.architecture(),
                    reading.labels(),
                    reading.problem() == ProblemType.MULTI_LABEL,
                    head.mapping(),
                    new ClassifierCard.Picture(size.width(), size.height()),
                    directory.weights().parameters(),
                    precision.name().toLowerCase(Locale.ROOT),
                    loading.device().name());
            PictureInput input = PictureInput.of(parameters, settings);
            ImageProcessor processor = new ImageProcessor(settings, new ImageDecoder(ImageLimits.DEFAULT));
            return new LoadedImageModel(card, processor, input, network, head, loading.device(), weights);
        } catch (RuntimeException | Error failure) {
            weights.close();
            throw failure;
        }
    }

    private static void requireSize(Path folder, ImageSettings.Size size, PictureNetwork network) {
        ImageSettings.Size exact = network.size();
        int smallest = network.smallest();
        if (exact != null ? !exact.equals(size) : Math.min(size.height(), size.width()) < smallest) {
            throw new WeightsException(folder.resolve("preprocessor_config.json") + ": expected pictures of "
                    + (exact != null
                            ? inWords(exact) + " pixels, as"
                            : "at least " + smallest + " × " + smallest + ", for")
                    + " config.json, found " + inWords(size));
        }
    }

    private static String inWords(ImageSettings.Size size) {
        return size.height() + " × " + size.width();
    }

    @Override
    public List<Image> samples() {
        return IntStream.of(SAMPLE_SIDES)
                .mapToObj(side -> new Image(new RawImage(PixelFormat.RGB, side, side, 0, new byte[3 * side * side])))
                .toList();
    }
}
