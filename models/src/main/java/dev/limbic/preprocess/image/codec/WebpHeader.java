package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The chunks of a WebP (RFC 9649) that say whether it is whole and still and how the camera was held. */
final class WebpHeader {
    private static final int ANIMATED = 2;

    private WebpHeader() {}

    /**
     * How the camera was held.
     *
     * @throws LimbicException.Invalid if the file is cut off or animated
     */
    static int orientation(byte[] data) {
        ByteBuffer file = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        long size = 8 + Integer.toUnsignedLong(file.getInt(4));
        if (size > data.length) {
            throw damaged("it says it has " + size + " bytes and has " + data.length);
        }
        int orientation = Orientation.UPRIGHT;
        for (long chunk = 12; size - chunk >= 8; ) {
            int at = (int) chunk + 8;
            long length = Integer.toUnsignedLong(file.getInt(at - 4));
            if (length > size - at) {
                throw damaged("a chunk reaches behind its end");
            }
            switch (new String(data, at - 8, 4, StandardCharsets.ISO_8859_1)) {
                case "ANIM", "ANMF" -> throw animated();
                case "VP8X" -> {
                    if (length > 0 && (data[at] & ANIMATED) != 0) {
                        throw animated();
                    }
                }
                case "EXIF" -> {
                    int skip = length > 6 && data[at] == 'E' ? 6 : 0;
                    orientation = Orientation.ofExif(data, at + skip, (int) length - skip);
                }
                default -> {}
            }
            chunk = at + length + (length & 1);
        }
        return orientation;
    }

    static LimbicException damaged(String found) {
        return new LimbicException.Invalid("WebP: truncated or damaged: " + found);
    }

    private static LimbicException animated() {
        return new LimbicException.Invalid(
                "WebP: expected a still picture, found an animated one; send its frames one by one");
    }
}
