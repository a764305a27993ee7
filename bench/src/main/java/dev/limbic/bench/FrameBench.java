package dev.limbic.bench;

import dev.limbic.v1.Image;
import dev.limbic.v1.PixelFormat;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/**
 * Faces of 64 pixels at 30 frames a second, on as many streams as there are characters, through a whole server in a process
 * of its own; client and server share all processors. What is sent is answered, dropped for a newer one, or failed, and
 * all of it is counted.
 */
final class FrameBench {
    private static final String MODEL = "avatar-expression";
    private static final int SIDE = 64;
    private static final double FRAMES_PER_SECOND = 30;
    private static final double FRAME_MILLIS = 33;
    private static final int STREAMS = 64;
    private static final int MANY = 256;
    private static final int PICTURES = 16;
    private static final Duration WARM_UP = Duration.ofSeconds(8);
    private static final Duration MEASURED = Duration.ofSeconds(10);

    /** Where the face is in {@link PictureBench#frame()}. */
    private static final int FACE_LEFT = 200;

    private static final int FACE_TOP = 60;
    private static final int FACE_SIDE = 180;

    private FrameBench() {}

    static List<Goal> run() throws IOException, InterruptedException {
        System.setProperty("java.awt.headless", "true");
        ImageIO.setUseCache(false);
        Map<String, List<Image>> formats = new TreeMap<>();
        for (BufferedImage face : faces()) {
            formats.computeIfAbsent("jpeg", _ -> new ArrayList<>()).add(FrameLoad.encoded(jpeg(face)));
            formats.computeIfAbsent("raw", _ -> new ArrayList<>())
                    .add(FrameLoad.raw(PixelFormat.PIXEL_FORMAT_RGB, SIDE, SIDE, rgb(face)));
        }
        List<Goal> goals = new ArrayList<>();
        Path config = Files.createTempFile("limbic-frames", ".yaml");
        try {
            Files.writeString(config, """
                    models-directory: %s
                    models:
                      - {name: %s, path: starter/%s, device: cpu}
                    """.formatted(DialogueBench.models(), MODEL, MODEL));
            for (Map.Entry<String, List<Image>> format : formats.entrySet()) {
                for (int streams : new int[] {STREAMS, MANY}) {
                    goals.addAll(measure(config, format.getKey(), format.getValue(), streams));
                }
            }
        } finally {
            Files.deleteIfExists(config);
        }
        return goals;
    }

    private static List<Goal> measure(Path config, String format, List<Image> pictures, int streams)
            throws IOException, InterruptedException {
        try (ServerProcess server = new ServerProcess("--config", config.toString());
                FrameLoad load = new FrameLoad(server.port(), MODEL, FRAMES_PER_SECOND)) {
            Duration before = ServerProcess.cpu(ProcessHandle.current());
            long start = System.nanoTime();
            FrameLoad.Result result = load.run(pictures, streams, WARM_UP, MEASURED);
            double seconds = (System.nanoTime() - start) / 1e9;
            double own =
                    ServerProcess.cpu(ProcessHandle.current()).minus(before).toNanos() / 1e9 / seconds;
            System.out.printf(
                    Locale.ROOT,
                    "%d streams x %.0f/s, %-4s  sent %d, answered %d, dropped %d, failed %d, held back %d, streams broken"
                            + " %d; p50 %.1f ms, p99 %.1f ms, most %.1f ms; client late p99 %.1f ms; newer ones sent"
                            + " before an answer came p99 %d, most %d; processors: client %.2f, server %.2f%n",
                    streams,
                    FRAMES_PER_SECOND,
                    format,
                    result.sent(),
                    result.answered(),
                    result.dropped(),
                    result.failures(),
                    result.held(),
                    result.lost(),
                    result.latency().getValueAtPercentile(50) / 1e6,
                    result.latency().getValueAtPercentile(99) / 1e6,
                    result.latency().getMaxValue() / 1e6,
                    result.lag().getValueAtPercentile(99) / 1e6,
                    result.behind().getValueAtPercentile(99),
                    result.behind().getMaxValue(),
                    own,
                    server.cpu().toNanos() / 1e9 / seconds);
            result.failed().forEach((message, count) -> System.out.println("  " + count + " x " + message));
            String name = "frames-" + streams + "-" + format;
            List<Goal> goals = new ArrayList<>();
            if (streams == STREAMS) {
                double p99 = result.latency().getValueAtPercentile(99) / 1e6;
                goals.add(new Goal(name + "-p99", p99, FRAME_MILLIS, "ms", true));
                goals.add(new Goal(name + "-behind", result.behind().getMaxValue(), 1, "frames", true));
                goals.add(new Goal(name + "-failed", result.failures() + result.lost(), 0, "frames", true));
            }
            long counted = result.answered() + result.dropped() + result.failures();
            goals.add(new Goal(name + "-uncounted", Math.abs(result.sent() - counted), 0, "frames", true));
            return goals;
        }
    }

    /** Cuttings of one face, each somewhat further to the right and down. */
    private static List<BufferedImage> faces() throws IOException {
        BufferedImage frame = ImageIO.read(new ByteArrayInputStream(PictureBench.frame()));
        List<BufferedImage> faces = new ArrayList<>();
        for (int i = 0; i < PICTURES; i++) {
            BufferedImage face = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
            Graphics2D graphics = face.createGraphics();
            graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
            int left = FACE_LEFT + i;
            int top = FACE_TOP + i;
            graphics.drawImage(frame, 0, 0, SIDE, SIDE, left, top, left + FACE_SIDE, top + FACE_SIDE, null);
            graphics.dispose();
            faces.add(face);
        }
        return faces;
    }

    private static byte[] jpeg(BufferedImage face) throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        if (!ImageIO.write(face, "jpeg", file)) {
            throw new IOException("this Java writes no JPEG");
        }
        return file.toByteArray();
    }

    private static byte[] rgb(BufferedImage face) {
        byte[] samples = new byte[3 * SIDE * SIDE];
        for (int i = 0; i < SIDE * SIDE; i++) {
            int pixel = face.getRGB(i % SIDE, i / SIDE);
            samples[3 * i] = (byte) (pixel >> 16);
            samples[3 * i + 1] = (byte) (pixel >> 8);
            samples[3 * i + 2] = (byte) pixel;
        }
        return samples;
    }
}
