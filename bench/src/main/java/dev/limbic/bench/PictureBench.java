package dev.limbic.bench;

import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.preprocess.image.ImageProcessor;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.ImageSettings.Size;
import dev.limbic.preprocess.image.Normalisation;
import dev.limbic.preprocess.image.ResizeFilter;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageDecoder.Transparency;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.preprocess.image.codec.Pixels;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/**
 * What a frame of 640 × 480 costs on one core before a device sees it: JPEG to bytes of 224 × 224, beside the JDK's decoder.
 * The frame is a drawing with edges, gradients and noise, which packs to what a camera's frame packs to.
 */
final class PictureBench {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 480;
    private static final int ROUNDS = 15;
    private static final int FRAMES = 40;

    private PictureBench() {}

    /** One thing to measure. */
    private interface Work {
        int run() throws IOException;
    }

    static List<Goal> run() throws IOException {
        System.setProperty("java.awt.headless", "true");
        ImageIO.setUseCache(false);
        EncodedImage jpeg = new EncodedImage(jpeg(frame(), 0.85f));
        ImageDecoder decoder = new ImageDecoder(ImageLimits.DEFAULT);
        ImageSettings settings = new ImageSettings(
                new Size(224, 224), ResizeFilter.BILINEAR, null, 3, Normalisation.none(3), Transparency.DROPPED);
        ImageProcessor processor = new ImageProcessor(settings, decoder);
        ImageProcessor.warmUp();
        Pixels pixels = processor.decode(jpeg);
        List<Work> works = List.of(
                () -> processor.decode(jpeg).width(),
                () -> processor.prepare(pixels).width(),
                () -> processor.prepare(jpeg).width(),
                () -> ImageIO.read(new ByteArrayInputStream(jpeg.bytes())).getWidth());
        double[] best = new double[works.size()];
        java.util.Arrays.fill(best, Double.MAX_VALUE);
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < best.length; i++) {
                best[i] = Math.min(best[i], millis(works.get(i)));
            }
        }
        System.out.printf(
                Locale.ROOT,
                "pictures: JPEG of 640 × 480, %d bytes: decoded %.2f ms, resized to 224 × 224 %.2f ms, both %.2f ms;"
                        + " decoded by the JDK %.2f ms%n",
                jpeg.bytes().length,
                best[0],
                best[1],
                best[2],
                best[3]);
        return List.of(new Goal("frame of 640 x 480 decoded and resized", best[2], 3, "ms", true));
    }

    private static double millis(Work work) throws IOException {
        long start = System.nanoTime();
        int sum = 0;
        for (int i = 0; i < FRAMES; i++) {
            sum += work.run();
        }
        if (sum == 0) {
            throw new IllegalStateException("nothing was done");
        }
        return (System.nanoTime() - start) / 1e6 / FRAMES;
    }

    private static BufferedImage frame() {
        BufferedImage frame = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(5);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                boolean face = Math.hypot(x - 320, (y - 240) / 1.3) < 130;
                boolean stripe = (x / 37 + y / 53) % 2 == 0;
                int noise = (int) (6 * random.nextGaussian());
                int red = (face ? 200 : stripe ? 60 : 110) + x / 16 + noise;
                int green = (face ? 150 : stripe ? 80 : 100) + y / 12 + noise;
                int blue = (face ? 120 : stripe ? 120 : 70) + (x + y) / 20 + noise;
                frame.setRGB(x, y, clamp(red) << 16 | clamp(green) << 8 | clamp(blue));
            }
        }
        return frame;
    }

    private static int clamp(int value) {
        return Math.max(0, Math.min(255, value));
    }

    private static byte[] jpeg(BufferedImage frame, float quality) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file)) {
            ImageWriteParam settings = writer.getDefaultWriteParam();
            settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            settings.setCompressionQuality(quality);
            writer.setOutput(out);
            writer.write(null, new IIOImage(frame, null, null), settings);
        } finally {
            writer.dispose();
        }
        return file.toByteArray();
    }
}
