package dev.limbic.model;

import dev.limbic.ops.Device;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import org.jspecify.annotations.Nullable;

/** The computation of one architecture with its weights, from pixels to features. */
interface PictureNetwork {
    /** Called with the pictures between the layers, [N·H·W, C] each, or their tokens; tests look on. */
    interface Tap {
        /** Looks at nothing. */
        Tap NONE = (layer, hidden) -> {};

        void hidden(int layer, Tensor hidden);
    }

    /** From pixels to features. */
    interface Forward {
        /**
         * What there is to see, one row per picture.
         *
         * @param pixels normalised, [N·H·W, C]
         * @return [N, F]
         */
        Tensor features(Ops ops, Tensor pixels, Planes planes, Tap tap);

        /** Whether some pictures of the batch can be computed by themselves. */
        default boolean takesAnyNumber() {
            return false;
        }
    }

    /** A network that needs nothing but pixels. */
    interface Convolutional extends PictureNetwork, Forward {
        @Override
        default Forward on(Device device, int pictures) {
            return this;
        }

        @Override
        default boolean takesAnyNumber() {
            return true;
        }

        @Override
        default DType between(Device device, Precision precision) {
            return betweenConvolutions(device, precision);
        }
    }

    /**
     * What computes the features of a batch of so many pictures. Uploads what that needs beside the pixels, so it is called
     * before the work that a device may record.
     */
    Forward on(Device device, int pictures);

    /** Type of the pixels, and so of what lies between the layers. */
    default DType between(Device device, Precision precision) {
        return precision.activations();
    }

    /** In int8 of 16 bits where the device has them: what lies between convolutions is most of the memory that they move. */
    static DType betweenConvolutions(Device device, Precision precision) {
        boolean halves = precision == Precision.INT8 && device.supports(Precision.BF16);
        return halves ? DType.BF16 : precision.activations();
    }

    /** Columns of the features, F. */
    int featureSize();

    /** Name of the layer that a picture's labels come from, [L, F]. */
    default String classifierName() {
        return "classifier";
    }

    /** Channels of the pixels, C. */
    int channels();

    /** Height and width that pictures must have; null for any. */
    ImageSettings.@Nullable Size size();

    /** The least height and width of which anything is left at the end. */
    default int smallest() {
        return 1;
    }

    /** Channels of the pixels, by {@code num_channels}. */
    static int channels(HfConfig config) {
        int channels = config.intOr("num_channels", 3, 1, 3);
        if (channels == 2) {
            throw config.unexpected("num_channels", "1 (grey) or 3", "2");
        }
        return channels;
    }
}
