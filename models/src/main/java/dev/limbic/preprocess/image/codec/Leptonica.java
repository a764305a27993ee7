package dev.limbic.preprocess.image.codec;

import static org.bytedeco.leptonica.global.leptonica.L_SEVERITY_NONE;
import static org.bytedeco.leptonica.global.leptonica.pixConvertTo32;
import static org.bytedeco.leptonica.global.leptonica.pixDestroy;
import static org.bytedeco.leptonica.global.leptonica.pixGetData;
import static org.bytedeco.leptonica.global.leptonica.pixGetDepth;
import static org.bytedeco.leptonica.global.leptonica.pixGetHeight;
import static org.bytedeco.leptonica.global.leptonica.pixGetWidth;
import static org.bytedeco.leptonica.global.leptonica.pixGetWpl;
import static org.bytedeco.leptonica.global.leptonica.pixReadMemJpeg;
import static org.bytedeco.leptonica.global.leptonica.pixReadMemWebP;
import static org.bytedeco.leptonica.global.leptonica.readHeaderMemWebP;
import static org.bytedeco.leptonica.global.leptonica.setMsgSeverity;

import dev.limbic.domain.LimbicException;
import dev.limbic.natives.NativeFolder;
import dev.limbic.natives.NativeFolderException;
import java.nio.IntBuffer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.leptonica.PIX;
import org.jspecify.annotations.Nullable;

/**
 * JPEG through libjpeg-turbo and WebP through libwebp, both as Leptonica brings them: in one native library, with errors that
 * come back instead of ending the process. Of what it prints only libjpeg's own line for a damaged picture cannot be turned
 * off. Thread-safe.
 */
final class Leptonica {
    /** Why there is no library; null where there is one. */
    private static final @Nullable String MISSING = load();

    private Leptonica() {}

    private static @Nullable String load() {
        try {
            NativeFolder.announce("org.bytedeco.javacpp.cachedir");
            setMsgSeverity(L_SEVERITY_NONE);
            return null;
        } catch (NativeFolderException | LinkageError e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static void require() {
        if (MISSING != null) {
            throw new LimbicException.Internal(
                    "JPEG and WebP are decoded by a native library for Linux on x86-64, which does not load here: "
                            + MISSING,
                    new UnsatisfiedLinkError(MISSING));
        }
    }

    /** @throws LimbicException.Invalid at the first damage */
    static Pixels jpeg(byte[] data, JpegHeader header) {
        require();
        PIX pix = pixReadMemJpeg(data, data.length, 0, 1, (int[]) null, 0);
        if (pix == null) {
            throw JpegHeader.damaged("its picture data cannot be decoded");
        }
        Pixels picture = rgb(pix, false);
        if (picture.width() != header.width() || picture.height() != header.height()) {
            throw JpegHeader.damaged("it has two sizes");
        }
        return picture;
    }

    /** @throws LimbicException if it is damaged, or too large, before it is decoded */
    static Pixels webp(byte[] data, ImageLimits limits, boolean onWhite) {
        require();
        int[] width = new int[1];
        int[] height = new int[1];
        if (readHeaderMemWebP(data, data.length, width, height, new int[1]) != 0) {
            throw WebpHeader.damaged("its header cannot be read");
        }
        limits.requireSize("WebP", width[0], height[0]);
        PIX pix = pixReadMemWebP(data, data.length);
        if (pix == null) {
            throw WebpHeader.damaged("its picture data cannot be decoded");
        }
        return rgb(pix, onWhite);
    }

    /** Takes a picture out of native memory and frees that. */
    private static Pixels rgb(PIX pix, boolean onWhite) {
        try {
            if (pixGetDepth(pix) == 32) {
                return copied(pix, onWhite);
            }
            PIX colours = pixConvertTo32(pix);
            if (colours == null) {
                throw new OutOfMemoryError("no native memory for a picture");
            }
            try {
                return copied(colours, onWhite);
            } finally {
                pixDestroy(colours);
            }
        } finally {
            pixDestroy(pix);
        }
    }

    /** From words of 0xRRGGBBAA. */
    private static Pixels copied(PIX pix, boolean onWhite) {
        int width = pixGetWidth(pix);
        int height = pixGetHeight(pix);
        int stride = pixGetWpl(pix);
        IntPointer words = pixGetData(pix).capacity((long) stride * height);
        IntBuffer from = words.asBuffer();
        byte[] rgb = new byte[Pixels.CHANNELS * width * height];
        int[] row = new int[width];
        for (int y = 0, to = 0; y < height; y++) {
            from.get(y * stride, row);
            for (int x = 0; x < width; x++, to += Pixels.CHANNELS) {
                int word = row[x];
                rgb[to] = (byte) (word >> 24);
                rgb[to + 1] = (byte) (word >> 16);
                rgb[to + 2] = (byte) (word >> 8);
                if (onWhite) {
                    Ground.white(rgb, to, word & 0xFF);
                }
            }
        }
        return new Pixels(width, height, rgb);
    }
}
