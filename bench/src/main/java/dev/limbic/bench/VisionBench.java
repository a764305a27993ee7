package dev.limbic.bench;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Image;
import dev.limbic.model.Kinds;
import dev.limbic.model.Loading;
import dev.limbic.model.Model;
import dev.limbic.ops.Device;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

/**
 * Networks that see, against their own convolutions and products: the same layers, bare, by oneDNN and OpenMP in the
 * layouts it likes best, in the same run and turn by turn. The ratio is what biases, activations, residuals, norms,
 * attention, pooling, gates, layout and scheduling leave of the hardware's rate.
 */
final class VisionBench {
    private static final int ROUNDS = 15;
    private static final int[] BATCHES = {1, 16};

    private static final List<BiFunction<Weights, Precision, VisionNet>> NETS =
            List.of(VisionNet::resNet50, VisionNet::efficientNetB0, VisionNet::miniXception);

    private final int threads;
    private final Random random = new Random(1);
    private final List<Goal> goals = new ArrayList<>();

    VisionBench(int threads) {
        this.threads = threads;
    }

    /** Seconds of a network and of its bare layers. */
    private record Compared(String network, double forward, double bare) {}

    /** Runs all networks, prints a table and returns the goals. */
    List<Goal> run() throws IOException {
        Path vit = Files.createTempDirectory("limbic-vit");
        try (Device device = new CpuDevice(threads)) {
            RandomVit.write(vit);
            System.out.println("Pictures, " + device.description());
            System.out.printf(
                    "%-18s %-6s %8s %12s %12s %8s%n", "network", "", "pictures", "forward ms", "bare ms", "ratio");
            for (BiFunction<Weights, Precision, VisionNet> build : NETS) {
                for (int pictures : BATCHES) {
                    measure(device, pictures, precision -> convolutions(device, build, precision, pictures));
                }
            }
            for (int pictures : BATCHES) {
                measure(device, pictures, precision -> transformer(device, vit, precision, pictures));
            }
        } finally {
            for (String file : List.of("config.json", "preprocessor_config.json", "model.safetensors", "")) {
                Files.deleteIfExists(vit.resolve(file));
            }
        }
        return goals;
    }

    private void measure(Device device, int pictures, Function<Precision, Compared> run) {
        Map<Precision, Double> forward = new EnumMap<>(Precision.class);
        String name = "";
        for (Precision precision : new Precision[] {Precision.F32, Precision.BF16}) {
            if (!device.supports(precision)) {
                System.out.println(precision + ": this processor has no instructions for it, skipped");
                continue;
            }
            Compared compared = run.apply(precision);
            forward.put(precision, compared.forward());
            name = compared.network().toLowerCase(Locale.ROOT).replaceAll("[ /]", "-") + "-x" + pictures;
            System.out.printf(
                    Locale.ROOT,
                    "%-18s %-6s %8d %12.3f %12.3f %8.3f%n",
                    compared.network(),
                    precision,
                    pictures,
                    compared.forward() * 1e3,
                    compared.bare() * 1e3,
                    compared.bare() / compared.forward());
            goals.add(new Goal(
                    name + "-" + precision.name().toLowerCase(Locale.ROOT),
                    compared.bare() / compared.forward(),
                    precision == Precision.F32 ? 0.85 : 0.80,
                    "of bare layers",
                    false));
        }
        Double bf16 = forward.get(Precision.BF16);
        Double f32 = forward.get(Precision.F32);
        if ((name.startsWith("resnet") || name.startsWith("vit")) && bf16 != null && f32 != null) {
            goals.add(new Goal(name + "-bf16-gain", f32 / bf16, 1.7, "x f32", false));
        }
    }

    private Compared convolutions(
            Device device, BiFunction<Weights, Precision, VisionNet> build, Precision precision, int pictures) {
        try (Weights weights = device.weights();
                Arena arena = Arena.ofShared()) {
            VisionNet net = build.apply(weights, precision);
            float[] pixels = new float[pictures * net.size() * net.size() * net.channels()];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (float) random.nextGaussian();
            }
            DoubleSupplier forward = () -> {
                device.beginBatch();
                Tensor x = device.upload(pixels, pictures * net.size() * net.size(), net.channels());
                long start = System.nanoTime();
                Tensor y = device.each(net, x, new Planes(pictures, net.size(), net.size()), net::forward);
                double seconds = (System.nanoTime() - start) / 1e9;
                device.download(y);
                return seconds;
            };
            BareMatmul.useOpenMpThreads(threads);
            List<Runnable> bare = new ArrayList<>();
            net.layers().forEach(layer -> bare.add(bare(layer, pictures, precision, arena)));
            return compare(net.name(), forward, bare);
        }
    }

    /** The whole model, from bytes on the host to logits on the host. */
    private Compared transformer(Device device, Path folder, Precision precision, int pictures) {
        try (Model<Image, PreparedImage, float[], Emotions> model =
                        Kinds.IMAGE.load(new Loading(folder, "vit", device, precision));
                Arena arena = Arena.ofShared()) {
            List<PreparedImage> rows = new ArrayList<>();
            for (int i = 0; i < pictures; i++) {
                byte[] samples = new byte[RandomVit.SIDE * RandomVit.SIDE * 3];
                random.nextBytes(samples);
                rows.add(new PreparedImage(RandomVit.SIDE, RandomVit.SIDE, 3, samples));
            }
            BareMatmul.useOpenMpThreads(threads);
            List<Runnable> bare = new ArrayList<>();
            bare.add(bare(RandomVit.patches(), pictures, precision, arena));
            RandomVit.products(pictures)
                    .forEach(product -> bare.add(
                            new BareMatmul(product.rows(), product.in(), product.out(), precision, arena)::run));
            return compare("ViT-B/16", Turns.timed(() -> model.run(rows)), bare);
        }
    }

    private static Runnable bare(VisionNet.Layer layer, int pictures, Precision precision, Arena arena) {
        return new BareConv(layer, pictures, precision == Precision.BF16, arena)::run;
    }

    private Compared compare(String network, DoubleSupplier forward, List<Runnable> bare) {
        Turns.Work ours = new Turns.Work(() -> BareMatmul.useOpenMpThreads(1), forward);
        Turns.Work theirs = new Turns.Work(
                () -> BareMatmul.useOpenMpThreads(threads), Turns.timed(() -> bare.forEach(Runnable::run)));
        try {
            double[] seconds = Turns.measure(ROUNDS, List.of(ours, theirs));
            return new Compared(network, seconds[0], seconds[1]);
        } finally {
            BareMatmul.useOpenMpThreads(1);
        }
    }
}
