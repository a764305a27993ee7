package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.ops.Device;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Planes;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.Normalisation;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;

/**
 * Brings pictures to a device and normalises them there: y = byte·scale + offset, channel by channel.
 *
 * @param size of every picture
 * @param channels of every picture, C
 * @param scale f32 [C]
 * @param offset f32 [C]
 * @param type of the result
 */
record PictureInput(ImageSettings.Size size, int channels, Tensor scale, Tensor offset, DType type) {
    static PictureInput of(Parameters parameters, ImageSettings settings, DType type) {
        Normalisation normal = settings.normalisation();
        int channels = settings.channels();
        float[] scale = new float[channels];
        float[] offset = new float[channels];
        for (int c = 0; c < channels; c++) {
            scale[c] = 1 / normal.std()[c];
            offset[c] = -normal.mean()[c] / normal.std()[c];
        }
        return new PictureInput(
                settings.size(), channels, parameters.constants(scale), parameters.constants(offset), type);
    }

    /** The same for squares of another size. */
    PictureInput ofSide(int side) {
        return new PictureInput(new ImageSettings.Size(side, side), channels, scale, offset, type);
    }

    Planes planes(int pictures) {
        return new Planes(pictures, size.height(), size.width());
    }

    /**
     * Copies the samples, [N·H·W, C] bytes.
     *
     * @throws IllegalArgumentException if a picture has another size
     */
    Tensor upload(Device device, List<PreparedImage> pictures) {
        int bytes = size.height() * size.width() * channels;
        for (PreparedImage picture : pictures) {
            if (picture.height() != size.height()
                    || picture.width() != size.width()
                    || picture.samples().length != bytes) {
                throw new IllegalArgumentException(
                        "pictures of " + size.height() + " × " + size.width() + " × " + channels
                                + " expected, found one of " + picture.height() + " × " + picture.width() + " and "
                                + picture.samples().length + " samples");
            }
        }
        List<byte[]> samples = pictures.stream().map(PreparedImage::samples).toList();
        return device.upload(samples, planes(pictures.size()).rows(), channels);
    }

    /** Pixels as a network wants them, [N·H·W, C]. */
    Tensor normalised(Ops ops, Tensor bytes, Planes planes) {
        return ops.pictures().normalise(bytes, planes, scale, offset, type);
    }
}
