package dev.limbic.preprocess.image;

import dev.limbic.domain.ImageSource;
import dev.limbic.domain.LimbicException;
import dev.limbic.preprocess.image.ImageSettings.ShortestEdge;
import dev.limbic.preprocess.image.ImageSettings.Size;
import dev.limbic.preprocess.image.ImageSettings.Within;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.Pixels;

/**
 * Pictures to what one model reads, with the same samples as the processors of transformers that use Pillow. (Those that use
 * torchvision differ from them by 1 of 255 here and there.) Thread-safe.
 */
public final class ImageProcessor {
    private final ImageSettings settings;
    private final ImageDecoder decoder;
    private final Resizer resizer = new Resizer();

    public ImageProcessor(ImageSettings settings, ImageDecoder decoder) {
        this.settings = settings;
        this.decoder = decoder;
    }

    /**
     * Gets this process ready for streams of frames: loops in vectors are run until they are compiled, and used from then on by
     * all processors where the machine has such vectors: three times as fast. Until then plain loops serve, which give the same
     * samples: vectors that are not compiled are fifty times slower than they. Takes one core for a third of a second and the
     * compiler for as much; to be called once, beside other work.
     */
    public static void warmUp() {
        ResizeVectors.warmUp();
    }

    public ImageSettings settings() {
        return settings;
    }

    /**
     * Decodes and prepares a picture.
     *
     * @throws LimbicException.TooLarge if it is larger than the decoder's limits
     * @throws LimbicException.Invalid if it is damaged, animated or of a kind that is not read
     */
    public PreparedImage prepare(ImageSource source) {
        return prepare(decode(source));
    }

    /** The picture as it was sent, to find faces in and to cut them out of; throws as {@link #prepare(ImageSource)}. */
    public Pixels decode(ImageSource source) {
        return decoder.decode(source, settings.transparency());
    }

    /** Prepares a decoded picture, or one that was cut out of it. */
    public PreparedImage prepare(Pixels picture) {
        int channels = settings.channels();
        byte[] samples = channels == 1 ? grey(picture) : picture.rgb();
        Resizer.View view =
                new Resizer.View(samples, 0, channels * picture.width(), picture.width(), picture.height(), channels);
        Size whole = resized(picture);
        Size out = settings.size();
        int width = Math.min(whole.width(), out.width());
        int height = Math.min(whole.height(), out.height());
        Resizer.Target target = new Resizer.Target(
                whole.width(),
                whole.height(),
                (whole.width() - width) / 2,
                (whole.height() - height) / 2,
                width,
                height);
        byte[] middle = resizer.resize(view, target, settings.filter());
        byte[] result = width == out.width() && height == out.height()
                ? middle
                : onBlack(middle, width, height, out, settings.resize() instanceof Within);
        return new PreparedImage(out.width(), out.height(), channels, result);
    }

    private Size resized(Pixels picture) {
        return switch (settings.resize()) {
            case null -> new Size(picture.height(), picture.width());
            case Size exact -> exact;
            case Within within -> within.fitted(picture.height(), picture.width());
            case ShortestEdge edge -> {
                int shorter = Math.min(picture.width(), picture.height());
                int longer = Math.max(picture.width(), picture.height());
                int length = (int) ((double) ((long) edge.pixels() * longer) / shorter);
                yield picture.width() <= picture.height()
                        ? new Size(length, edge.pixels())
                        : new Size(edge.pixels(), length);
            }
        };
    }

    /** In the corner, or in the middle, half a pixel to the right and down where it does not come out even. */
    private byte[] onBlack(byte[] middle, int width, int height, Size out, boolean corner) {
        int channels = settings.channels();
        byte[] result = new byte[channels * out.width() * out.height()];
        int left = corner ? 0 : (out.width() - width + 1) / 2;
        int top = corner ? 0 : (out.height() - height + 1) / 2;
        for (int y = 0; y < height; y++) {
            System.arraycopy(
                    middle,
                    y * width * channels,
                    result,
                    ((top + y) * out.width() + left) * channels,
                    width * channels);
        }
        return result;
    }

    /** Brightness after ITU-R 601-2, as Pillow rounds it. */
    private static byte[] grey(Pixels picture) {
        byte[] rgb = picture.rgb();
        byte[] grey = new byte[picture.width() * picture.height()];
        for (int i = 0, at = 0; i < grey.length; i++, at += 3) {
            int sum = 19595 * (rgb[at] & 0xFF) + 38470 * (rgb[at + 1] & 0xFF) + 7471 * (rgb[at + 2] & 0xFF);
            grey[i] = (byte) ((sum + 0x8000) >> 16);
        }
        return grey;
    }
}
