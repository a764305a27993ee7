package dev.limbic.model;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.PixelFormat;
import dev.limbic.domain.ImageSource.RawImage;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
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
    /** Builds a network from a checked configuration and its weights. */
    interface Constructor {
        PictureNetwork create(HfConfig config, Parameters parameters);
    }

    /** What PyTorch counts while it trains, and what hides patches then. */
    static final String[] HARMLESS = {"*.num_batches_tracked", "*.mask_token"};

    private static final int[] SAMPLE_SIDES = {64, 96, 160, 224, 320};

    ImageKind() {
        super("image", Unit.PIXELS);
    }

    Architecture<Model<Image, PreparedImage, float[], Emotions>> architecture(Constructor constructor) {
        return new Architecture<>(this, false, new Folder(constructor));
    }

    /** Loads folders of one architecture. */
    private record Folder(Constructor constructor)
            implements Architecture.Loader<Model<Image, PreparedImage, float[], Emotions>> {
        @Override
        public Model<Image, PreparedImage, float[], Emotions> load(
                HfDirectory directory, Loading loading, Precision precision) {
            HeadConfig reading = HeadConfig.of(directory.config());
            Weights weights = loading.device().weights();
            try {
                Parameters parameters = new Parameters(directory.weights(), weights, precision);
                PictureNetwork network = constructor.create(directory.config(), parameters);
                Linear classifier = parameters
                        .exact()
                        .linear(network.classifierName(), reading.labels().size(), network.featureSize());
                OtherHeads.leave(directory, loading.name(), HARMLESS);
                ImageSettings settings = settings(loading.folder(), network);
                return new LoadedImageModel(
                        card(Kinds.IMAGE, directory, loading, reading, settings, precision),
                        new ImageProcessor(settings, new ImageDecoder(ImageLimits.DEFAULT)),
                        Pictures.of(parameters, settings, loading.device(), network),
                        classifier,
                        reading.head(),
                        loading.device(),
                        weights);
            } catch (RuntimeException | Error failure) {
                weights.close();
                throw failure;
            }
        }
    }

    /**
     * What a network of any architecture of this kind sees of pictures, without its labels.
     *
     * @throws WeightsException if it is of another kind, or anything in it is wrong or not supported
     */
    PictureNetwork network(HfConfig config, Parameters parameters) {
        Folder folder = (Folder) ModelRegistry.architecture(config, this).loader();
        return folder.constructor().create(config, parameters);
    }

    /** A card of a model that reads pictures; all that it needs of the folder was taken. */
    static ClassifierCard card(
            Kind<?> kind,
            HfDirectory directory,
            Loading loading,
            HeadConfig reading,
            ImageSettings settings,
            Precision precision) {
        return new ClassifierCard(
                loading.name(),
                kind.name(),
                directory.config().architecture(),
                reading.labels(),
                reading.problem() == ProblemType.MULTI_LABEL,
                reading.head().mapping(),
                new ClassifierCard.Picture(
                        settings.size().width(), settings.size().height()),
                directory.weights().parameters(),
                precision.name().toLowerCase(Locale.ROOT),
                loading.device().name());
    }

    /**
     * How pictures are made ready for a network.
     *
     * @throws WeightsException if the folder does not say, or says a size that the network does not see
     */
    static ImageSettings settings(Path folder, PictureNetwork network) {
        ImageSettings settings = ProcessorConfig.read(folder, network.channels());
        requireSize(folder, settings.size(), network);
        return settings;
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
