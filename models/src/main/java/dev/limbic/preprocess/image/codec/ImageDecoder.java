package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.ImageSource;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.domain.ImageSource.RawImage;
import dev.limbic.domain.LimbicException;

/**
 * Pictures to upright RGB. All decoders are Java of this house: what clients send never reaches native code, and nothing is
 * written to files. Thread-safe; calls share memory for scratch, so that a stream of frames costs little but the frames.
 */
public final class ImageDecoder {
    private final ImageLimits limits;
    private final Scratch.Pool pool = new Scratch.Pool();
    private volatile boolean vectors;

    public ImageDecoder(ImageLimits limits) {
        this.limits = limits;
    }

    /**
     * Gets ready for streams of frames: loops in vectors are run until they are compiled, and used from then on where the
     * processor has them. Until then plain loops serve, which give the same samples: vectors that are not compiled are fifty
     * times slower than they. Takes a second of one core in a new process; to be called once, beside other work.
     */
    public void warmUp() {
        vectors = JpegVectors.warmUp();
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
        limits.requireBytes(source.bytes().length);
        return switch (source) {
            case EncodedImage encoded -> encoded(encoded.bytes(), transparency);
            case RawImage raw -> RawPixels.decode(raw, limits, transparency == Transparency.ON_WHITE);
        };
    }

    private Pixels encoded(byte[] data, Transparency transparency) {
        boolean onWhite = transparency == Transparency.ON_WHITE;
        Scratch scratch = pool.take();
        try {
            if (begins(data, 0, 0xFF, 0xD8, 0xFF)) {
                return new JpegDecoder(data, limits, scratch, vectors).decode();
            }
            if (begins(data, 0, 0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A)) {
                return new PngDecoder(data, limits, onWhite).decode();
            }
            if (begins(data, 0, 'R', 'I', 'F', 'F') && begins(data, 8, 'W', 'E', 'B', 'P')) {
                return new WebpDecoder(data, limits, scratch, onWhite).decode();
            }
        } finally {
            pool.giveBack(scratch);
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
