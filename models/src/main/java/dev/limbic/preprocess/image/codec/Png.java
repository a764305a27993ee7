package dev.limbic.preprocess.image.codec;

import java.awt.Point;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * PNG through the JDK. Samples of 16 bits give their upper eight; gamma and colour profiles are not looked at, as in Pillow.
 * Thread-safe.
 */
public final class Png {
    static {
        if (System.getProperty("java.awt.headless") == null) {
            System.setProperty(
                    "java.awt.headless", "true"); // else a display would be looked for where one is configured
        }
        ImageIO.setUseCache(false); // no files
    }

    private Png() {}

    /** @throws dev.limbic.domain.LimbicException.Invalid if it is damaged */
    static Pixels read(PngChunks png, boolean onWhite) {
        ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
        try {
            reader.setInput(new MemoryCacheImageInputStream(new ByteArrayInputStream(png.file())), true, true);
            BufferedImage image = reader.read(0);
            return image.getColorModel() instanceof IndexColorModel colours
                    ? indexed(image.getRaster(), colours, onWhite)
                    : sampled(image.getRaster(), onWhite);
        } catch (IOException | RuntimeException e) { // of what is damaged the reader throws many kinds
            throw PngChunks.damaged("its picture data cannot be decoded");
        } finally {
            reader.dispose();
        }
    }

    private static Pixels indexed(Raster raster, IndexColorModel colours, boolean onWhite) {
        int[] table = new int[256];
        colours.getRGBs(table);
        byte[] rgb = new byte[Pixels.CHANNELS * raster.getWidth() * raster.getHeight()];
        int[] row = new int[raster.getWidth()];
        for (int y = 0, to = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, row.length, 1, row);
            for (int index : row) {
                int colour = table[index];
                rgb[to] = (byte) (colour >> 16);
                rgb[to + 1] = (byte) (colour >> 8);
                rgb[to + 2] = (byte) colour;
                if (onWhite) {
                    Ground.white(rgb, to, colour >>> 24);
                }
                to += Pixels.CHANNELS;
            }
        }
        return new Pixels(raster.getWidth(), raster.getHeight(), rgb);
    }

    /** Samples as they are stored: the colour model would turn grey to other shades. */
    private static Pixels sampled(Raster raster, boolean onWhite) {
        int bands = raster.getNumBands();
        int green = bands < 3 ? 0 : 1;
        int blue = bands < 3 ? 0 : 2;
        int shift = raster.getSampleModel().getSampleSize(0) - 8;
        byte[] rgb = new byte[Pixels.CHANNELS * raster.getWidth() * raster.getHeight()];
        int[] row = new int[bands * raster.getWidth()];
        for (int y = 0, to = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, raster.getWidth(), 1, row);
            for (int at = 0; at < row.length; at += bands, to += Pixels.CHANNELS) {
                rgb[to] = (byte) (row[at] >> shift);
                rgb[to + 1] = (byte) (row[at + green] >> shift);
                rgb[to + 2] = (byte) (row[at + blue] >> shift);
                if (onWhite && bands % 2 == 0) {
                    Ground.white(rgb, to, row[at + bands - 1] >> shift);
                }
            }
        }
        return new Pixels(raster.getWidth(), raster.getHeight(), rgb);
    }

    /** The picture as a file's bytes, 8 bits a sample. */
    public static byte[] write(Pixels picture) {
        int[] order = {0, 1, 2};
        WritableRaster raster = Raster.createInterleavedRaster(
                new DataBufferByte(picture.rgb(), picture.rgb().length),
                picture.width(),
                picture.height(),
                Pixels.CHANNELS * picture.width(),
                Pixels.CHANNELS,
                order,
                new Point());
        ComponentColorModel colours = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false, BufferedImage.OPAQUE, DataBuffer.TYPE_BYTE);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(new BufferedImage(colours, raster, false, null), "png", file)) {
                throw new IllegalStateException("no writer for PNG");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail so
        }
        return file.toByteArray();
    }
}
