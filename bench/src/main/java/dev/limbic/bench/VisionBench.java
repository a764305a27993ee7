package dev.limbic.bench;

import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.DoubleSupplier;

/**
 * Networks that see, against their own convolutions: the same layers, bare, by oneDNN and OpenMP in the layouts it likes
 * best, in the same run and turn by turn. The ratio is what biases, activations, residuals, pooling, gates, layout and
 * scheduling leave of the hardware's rate.
 */
final class VisionBench {
    private static final int ROUNDS = 15;
    private static final long WARM_NANOS = 1_500_000_000L;

    /** A round takes at least so long: small networks run several times in it. */
    private static final double ROUND_SECONDS = 0.004;

    /** OpenMP's threads go on spinning for milliseconds after their work; the other side must not pay for that. */
    private static final long SETTLE_MILLIS = 15;

    private static final List<BiFunction<Weights, Precision, VisionNet>> NETS =
            List.of(VisionNet::resNet50, VisionNet::efficientNetB0, VisionNet::miniXception, VisionNet::vitPatches);

    private final int threads;
    private final Random random = new Random(1);

    VisionBench(int threads) {
        this.threads = threads;
    }

    /** Runs all networks, prints a table and returns the goals. */
    List<Goal> run() {
        List<Goal> goals = new ArrayList<>();
        try (Device device = new CpuDevice(threads)) {
            System.out.println("Pictures, " + device.description());
            System.out.printf(
                    "%-18s %-6s %8s %12s %12s %8s%n", "network", "", "pictures", "forward ms", "bare ms", "ratio");
            for (BiFunction<Weights, Precision, VisionNet> build : NETS) {
                for (int pictures : new int[] {1, 16}) {
                    goals.addAll(measure(device, build, pictures));
                }
            }
        }
        return goals;
    }

    private List<Goal> measure(Device device, BiFunction<Weights, Precision, VisionNet> build, int pictures) {
        List<Goal> goals = new ArrayList<>();
        Map<Precision, Double> forward = new EnumMap<>(Precision.class);
        String name = "";
        for (Precision precision : new Precision[] {Precision.F32, Precision.BF16}) {
            if (!device.supports(precision)) {
                System.out.println(precision + ": this processor has no instructions for it, skipped");
                continue;
            }
            try (Weights weights = device.weights()) {
                VisionNet net = build.apply(weights, precision);
                double[] seconds = compare(device, net, precision, pictures);
                forward.put(precision, seconds[0]);
                name = net.name().toLowerCase(Locale.ROOT).replaceAll("[ /]", "-") + "-x" + pictures;
                System.out.printf(
                        Locale.ROOT,
                        "%-18s %-6s %8d %12.3f %12.3f %8.3f%n",
                        net.name(),
                        precision,
                        pictures,
                        seconds[0] * 1e3,
                        seconds[1] * 1e3,
                        seconds[1] / seconds[0]);
                goals.add(new Goal(
                        name + "-" + precision.name().toLowerCase(Locale.ROOT),
                        seconds[1] / seconds[0],
                        precision == Precision.F32 ? 0.85 : 0.80,
                        "of bare convolutions",
                        false));
            }
        }
        Double bf16 = forward.get(Precision.BF16);
        Double f32 = forward.get(Precision.F32);
        if (name.startsWith("resnet") && bf16 != null && f32 != null) {
            goals.add(new Goal(name + "-bf16-gain", f32 / bf16, 1.7, "x f32", false));
        }
        return goals;
    }

    /** Seconds: forward, bare. */
    private double[] compare(Device device, VisionNet net, Precision precision, int pictures) {
        float[] pixels = new float[pictures * net.size() * net.size() * net.channels()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextGaussian();
        }
        try (Arena arena = Arena.ofShared()) {
            BareMatmul.useOpenMpThreads(threads);
            List<BareConv> bare = net.layers().stream()
                    .map(layer -> new BareConv(layer, pictures, precision == Precision.BF16, arena))
                    .toList();
            DoubleSupplier ours = () -> {
                device.beginBatch();
                Tensor x = device.upload(pixels, pictures * net.size() * net.size(), net.channels());
                long start = System.nanoTime();
                Tensor y = net.forward(device.ops(), x, pictures);
                double seconds = (System.nanoTime() - start) / 1e9;
                device.download(y);
                return seconds;
            };
            DoubleSupplier theirs = () -> {
                long start = System.nanoTime();
                bare.forEach(BareConv::run);
                return (System.nanoTime() - start) / 1e9;
            };
            BareMatmul.useOpenMpThreads(1);
            double one = warm(ours);
            int times = (int) Math.clamp(ROUND_SECONDS / one, 1, 100);
            double[] forward = new double[ROUNDS];
            double[] yardstick = new double[ROUNDS];
            for (int round = 0; round < ROUNDS; round++) {
                BareMatmul.useOpenMpThreads(1);
                settle();
                forward[round] = least(ours, times);
                BareMatmul.useOpenMpThreads(threads);
                settle();
                yardstick[round] = least(theirs, times);
            }
            BareMatmul.useOpenMpThreads(1);
            return new double[] {quick(forward), quick(yardstick)};
        }
    }

    /** Until the compiler has seen enough of it; seconds of the quickest run. */
    private static double warm(DoubleSupplier work) {
        double least = work.getAsDouble();
        long end = System.nanoTime() + WARM_NANOS;
        while (System.nanoTime() < end) {
            least = Math.min(least, work.getAsDouble());
        }
        return least;
    }

    /** Seconds of the quickest of some runs. */
    private static double least(DoubleSupplier work, int times) {
        double least = Double.MAX_VALUE;
        for (int i = 0; i < times; i++) {
            least = Math.min(least, work.getAsDouble());
        }
        return least;
    }

    private static void settle() {
        try {
            Thread.sleep(SETTLE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What a quarter of the rounds is quicker than: whoever else wants a core slows single rounds down, never up. */
    private static double quick(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 4];
    }
}
