package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.ImageSource;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.domain.ImageSource.RawImage;
import dev.limbic.domain.LimbicException;

/**
 * Pictures to upright RGB, by libraries; nothing is written to files. Headers are read here, so that what is too large,
 * animated or cut off is refused before a library sees it. Thread-safe.
 */
public final class ImageDecoder {
    private final ImageLimits limits;

    public ImageDecoder(ImageLimits limits) {
        this.limits = limits;
    }

    /** What becomes of transparent pixels. */
    public enum Transparency {
        /** The colour that lies under them is shown. */
        DROPPED,
        /** They show a white ground. */
        ON_WHITE
    }

    /**
     * Decodes a picture.
     *
     * @throws LimbicException.TooLarge if it has more bytes or pixels than the limits allow, before it is decoded
     * @throws LimbicException.Invalid if it is damaged, animated or of a kind that is not read
     */
    public Pixels decode(ImageSource source, Transparency transparency) {
        return switch (source) {
            case EncodedImage encoded -> encoded(encoded.bytes(), transparency);
            case RawImage raw -> RawPixels.decode(raw, limits, transparency == Transparency.ON_WHITE);
        };
    }

    private Pixels encoded(byte[] data, Transparency transparency) {
        limits.requireBytes(data.length);
        boolean onWhite = transparency == Transparency.ON_WHITE;
        if (begins(data, 0, 0xFF, 0xD8, 0xFF)) {
            JpegHeader header = JpegHeader.read(data, limits);
            return Orientation.upright(Leptonica.jpeg(data, header), header.orientation());
        }
        if (begins(data, 0, 0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A)) {
            PngChunks chunks = PngChunks.read(data, limits);
            return Orientation.upright(Png.read(chunks, onWhite), chunks.orientation());
        }
        if (begins(data, 0, 'R', 'I', 'F', 'F') && begins(data, 8, 'W', 'E', 'B', 'P')) {
            int orientation = WebpHeader.orientation(data);
            return Orientation.upright(Leptonica.webp(data, limits, onWhite), orientation);
        }
        throw new LimbicException.Invalid("picture: expected JPEG, PNG or WebP, found something else");
    }

    private static boolean begins(byte[] data, int at, int... bytes) {
        if (data.length < at + bytes.length) {
            return false;
        }
        for (int i = 0; i < bytes.length; i++) {
            if ((data[at + i] & 0xFF) != bytes[i]) {
                return false;
            }
        }
        return true;
    }
}
