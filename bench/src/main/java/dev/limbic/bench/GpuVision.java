package dev.limbic.bench;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Image;
import dev.limbic.model.Kinds;
import dev.limbic.model.Loading;
import dev.limbic.model.Model;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.ops.cuda.CudaDevice;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.BiFunction;

/** Networks that see in f16 on a CUDA chip, from bytes of pictures on the host to logits on the host. */
final class GpuVision {
    private static final int[] BATCHES = {1, 16, 128};

    private static final List<BiFunction<Weights, Precision, VisionNet>> NETS =
            List.of(VisionNet::resNet50, VisionNet::efficientNetB0, VisionNet::miniXception);

    private final CudaDevice device;
    private final GpuReport report;
    private final Random random = new Random(5);

    GpuVision(CudaDevice device, GpuReport report) {
        this.device = device;
        this.report = report;
    }

    /** Writes the figures into the report, and a model into the folder. */
    void run(Path folder) throws IOException {
        for (BiFunction<Weights, Precision, VisionNet> build : NETS) {
            try (Weights weights = device.weights()) {
                VisionNet net = build.apply(weights, Precision.F16);
                Tensor scale = constant(weights, net.channels(), 1 / 127.5f);
                Tensor offset = constant(weights, net.channels(), -1);
                for (int pictures : BATCHES) {
                    byte[] bytes = new byte[pictures * net.size() * net.size() * net.channels()];
                    random.nextBytes(bytes);
                    figure(net.name(), pictures, () -> convolutions(net, bytes, pictures, scale, offset));
                }
            }
        }
        RandomVit.write(folder);
        try (Model<Image, PreparedImage, float[], Emotions> vit =
                Kinds.IMAGE.load(new Loading(folder, "vit", device, Precision.F16))) {
            for (int pictures : BATCHES) {
                List<PreparedImage> rows = new ArrayList<>();
                for (int i = 0; i < pictures; i++) {
                    byte[] samples = new byte[RandomVit.SIDE * RandomVit.SIDE * 3];
                    random.nextBytes(samples);
                    rows.add(new PreparedImage(RandomVit.SIDE, RandomVit.SIDE, 3, samples));
                }
                figure("ViT-B/16", pictures, () -> vit.run(rows));
            }
        }
    }

    private void convolutions(VisionNet net, byte[] bytes, int pictures, Tensor scale, Tensor offset) {
        device.beginBatch();
        Planes planes = new Planes(pictures, net.size(), net.size());
        Tensor x = device.upload(bytes, planes.rows(), net.channels());
        device.download(device.each(net, x, planes, (ops, samples, size) -> {
            Tensor pixels = ops.pictures().normalise(samples, size, scale, offset, DType.F16);
            return net.forward(ops, pixels, size);
        }));
    }

    private static Tensor constant(Weights weights, int channels, float value) {
        float[] values = new float[channels];
        Arrays.fill(values, value);
        return weights.tensor(HostTensor.of(Shape.of(channels), values), DType.F32);
    }

    private void figure(String network, int pictures, Runnable work) {
        double seconds = GpuBench.median(pictures > 100 ? 20 : 100, work);
        report.figure(String.format(Locale.ROOT, "limbic %s x%d", network, pictures), seconds * 1e3, "ms");
    }
}
