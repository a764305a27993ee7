package dev.limbic.bench;

import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.model.Kinds;
import dev.limbic.ops.Device;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Weights;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.preprocess.image.ImageProcessor;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.ImageSettings.Size;
import dev.limbic.preprocess.image.Normalisation;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.preprocess.image.ResizeFilter;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageDecoder.Transparency;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ConfigLoader;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.pipeline.AwaitedReading;
import dev.limbic.server.pipeline.FaceReading;
import dev.limbic.server.pipeline.FaceRequest;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.server.runtime.Engine;
import dev.limbic.server.runtime.Services;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import javax.imageio.ImageIO;

/**
 * What a camera's frame of 640 × 480 costs: a photograph of one person as JPEG (quality 85, 4:2:0, 56 kB) to the numbers
 * that a network of 224 × 224 reads, on one core, beside the JDK's decoder; and to the emotions of its face, through all
 * that a request goes through but the wire.
 */
final class PictureBench {
    private static final int SIDE = 224;
    private static final int ROUNDS = 15;

    private PictureBench() {}

    static List<Goal> run() throws IOException {
        EncodedImage jpeg = new EncodedImage(frame());
        return List.of(toTensor(jpeg), toEmotions(jpeg));
    }

    /** The photograph, a JPEG. */
    static byte[] frame() throws IOException {
        try (InputStream in = Objects.requireNonNull(PictureBench.class.getResourceAsStream("frame.jpg"))) {
            return in.readAllBytes();
        }
    }

    private static Goal toTensor(EncodedImage jpeg) {
        System.setProperty("java.awt.headless", "true");
        ImageIO.setUseCache(false);
        ImageSettings settings = new ImageSettings(
                new Size(SIDE, SIDE), ResizeFilter.BILINEAR, null, 3, Normalisation.none(3), Transparency.DROPPED);
        ImageProcessor processor = new ImageProcessor(settings, new ImageDecoder(ImageLimits.DEFAULT));
        ImageProcessor.warmUp();
        PreparedImage prepared = processor.prepare(jpeg);
        try (Device device = new CpuDevice(1);
                Weights weights = device.weights()) {
            HostTensor constants = HostTensor.of(Shape.of(3), new float[] {0.01f, 0.02f, 0.03f});
            Tensor scale = weights.tensor(constants, DType.F32);
            double[] seconds = Turns.measure(
                    ROUNDS,
                    List.of(
                            work(() -> processor.decode(jpeg)),
                            work(() -> processor.prepare(jpeg)),
                            work(() -> normalise(device, prepared, scale)),
                            work(() -> normalise(device, processor.prepare(jpeg), scale)),
                            work(() -> ImageIO.read(new ByteArrayInputStream(jpeg.bytes())))));
            System.out.printf(
                    Locale.ROOT,
                    "JPEG of 640 x 480, %d bytes, one core: decoded %.2f ms, and resized to %d x %d %.2f ms, normalised"
                            + " %.2f ms, all %.2f ms; decoded by the JDK %.2f ms%n",
                    jpeg.bytes().length,
                    seconds[0] * 1e3,
                    SIDE,
                    SIDE,
                    seconds[1] * 1e3,
                    seconds[2] * 1e3,
                    seconds[3] * 1e3,
                    seconds[4] * 1e3);
            return new Goal("jpeg-to-tensor-640x480", seconds[3] * 1e3, 3, "ms", true);
        }
    }

    private static Tensor normalise(Device device, PreparedImage picture, Tensor scale) {
        device.beginBatch();
        Planes planes = new Planes(1, picture.height(), picture.width());
        Tensor bytes = device.upload(picture.samples(), planes.rows(), 3);
        return device.ops().pictures().normalise(bytes, planes, scale, scale, DType.F32);
    }

    /** The least that one may do with a result, so that it is computed. */
    private static Turns.Work work(Making making) {
        return Turns.Work.of(Turns.timed(() -> {
            try {
                Objects.requireNonNull(making.make());
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }));
    }

    private interface Making {
        Object make() throws IOException;
    }

    private static Goal toEmotions(EncodedImage jpeg) throws IOException {
        ServerConfig config;
        try {
            config = new ConfigLoader().load(null, Map.of(), Map.of());
        } catch (ConfigException e) {
            throw new IOException(e);
        }
        List<ModelConfig> models = new ArrayList<>(Engine.ofKind(Kinds.FINDER, config.models()));
        models.addAll(Engine.ofKind(Kinds.IMAGE, config.models()));
        try (Services services = new Services(config, new Engine(config.cuda(), step -> {}).load(models))) {
            FaceReading reading = read(services, jpeg);
            if (reading.faces().size() != 1) {
                throw new IOException("one face expected in the frame, found "
                        + reading.faces().size());
            }
            double seconds = Turns.measure(ROUNDS, List.of(work(() -> read(services, jpeg))))[0];
            reading = read(services, jpeg);
            System.out.printf(
                    Locale.ROOT,
                    "JPEG of 640 x 480 to the emotions of its face: %.2f ms, of which finding %.2f ms, reading %.2f ms%n",
                    seconds * 1e3,
                    Objects.requireNonNull(reading.finder()).timing().computeNanos() / 1e6,
                    reading.faces().getFirst().emotions().timing().computeNanos() / 1e6);
            return new Goal("detector+expression-640x480", seconds * 1e3, 10, "ms", true);
        }
    }

    private static FaceReading read(Services services, EncodedImage jpeg) {
        FaceRequest request = new FaceRequest("", "", new Image(jpeg), List.of(), Priority.NORMAL, Long.MAX_VALUE);
        return AwaitedReading.start(services.faces(), request).await();
    }
}
