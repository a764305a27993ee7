package dev.limbic.bench;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.Text;
import dev.limbic.model.Kinds;
import dev.limbic.model.Loading;
import dev.limbic.model.Model;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Scope;
import dev.limbic.ops.Weights;
import dev.limbic.ops.cuda.CudaDevice;
import dev.limbic.ops.cuda.CudaSettings;
import dev.limbic.server.telemetry.Logs;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * BERT-base in f16 on a CUDA chip: latency of small batches with and without graphs, throughput of large ones, beside a
 * large matmul, a large copy and, where there is one, PyTorch, all in the same run; steps of a decoder; networks that see.
 * Call it through {@code bench/gpu/prove.sh}; what it prints is only worth something on a real chip.
 */
public final class GpuBench {
    private static final int LARGE = 8192;
    private static final int COPY_ROWS = 1 << 15;
    private static final int COPY_COLUMNS = 4096;
    private static final int REPEATS = 20;

    /** A batch that is measured. */
    private record Batch(String name, int sequences, int length) {}

    private static final List<Batch> BATCHES =
            List.of(new Batch("1x32", 1, 32), new Batch("8x32", 8, 32), new Batch("128x128", 128, 128));

    private final Path work;
    private final GpuReport report;

    private GpuBench(Path work, GpuReport report) {
        this.work = work;
        this.report = report;
    }

    /**
     * Measures and writes {@code gpu.json} and {@code gpu.md}.
     *
     * @param arguments folder for the reports, and the Python interpreter and script of the peer, if there is one
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Logs.configure(false, "WARN");
        Path results = Path.of(arguments.length > 0 ? arguments[0] : "target/gpu");
        Path work = Files.createTempDirectory("limbic-gpu");
        GpuReport report = new GpuReport();
        GpuBench bench = new GpuBench(work, report);
        try {
            bench.run();
        } finally {
            deleteTree(work);
        }
        Map<String, Double> peer = arguments.length > 2 ? GpuPeer.run(arguments[1], arguments[2]) : Map.of();
        report.peer(peer);
        report.write(results);
        List<Goal> goals = bench.goals(peer);
        goals.forEach(goal -> System.out.println(goal));
    }

    private static void deleteTree(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private void run() throws IOException {
        Path model = work.resolve("bert-base");
        System.out.println("writing a model of BERT-base's shape to " + model);
        RandomBert.write(model);
        for (boolean graphs : new boolean[] {true, false}) {
            try (CudaDevice device = new CudaDevice(new CudaSettings(0, work.resolve("kernels"), graphs));
                    Model<Text, Encoding, float[], Emotions> bert =
                            Kinds.TEXT.load(new Loading(model, "bert-base", device, Precision.F16))) {
                if (device.description().contains("simulator")) {
                    throw new IllegalStateException("this is the simulator, which says nothing about speed");
                }
                report.device(device.description());
                for (Batch batch : BATCHES) {
                    double seconds = forward(bert, batch);
                    report.figure(name(batch, graphs), seconds * 1e3, "ms");
                }
                if (graphs) {
                    rates(device);
                    GpuDecode.run(device, work.resolve("gpt2"), report);
                    new GpuVision(device, report).run(work.resolve("vit"));
                }
            }
        }
        double tokens = 128 * 128;
        double seconds = report.value("limbic 128x128, graphs") / 1e3;
        report.figure("limbic 128x128, products", tokens * RandomBert.operationsPerToken() / seconds / 1e12, "TFLOP/s");
        report.figure("limbic 128x128, tokens", tokens / seconds, "tokens/s");
        double latency = report.value("limbic 1x32, graphs") / 1e3;
        report.figure("limbic 1x32, weights read", RandomBert.bytesOfLayers(2) / latency / 1e9, "GB/s");
    }

    private static String name(Batch batch, boolean graphs) {
        return "limbic " + batch.name() + (graphs ? ", graphs" : ", no graphs");
    }

    /** Seconds from token ids on the host to logits on the host, the median. */
    private static double forward(Model<Text, Encoding, float[], Emotions> model, Batch batch) {
        Random random = new Random(3);
        List<Encoding> encodings = new ArrayList<>();
        for (int b = 0; b < batch.sequences(); b++) {
            encodings.add(new Encoding(
                    random.ints(batch.length(), 0, RandomBert.VOCABULARY).toArray(), false));
        }
        int rounds = batch.sequences() > 100 ? 40 : 400;
        return median(rounds, () -> model.run(encodings));
    }

    static double median(int rounds, Runnable work) {
        double[] seconds = new double[rounds];
        for (int round = -rounds / 4; round < rounds; round++) {
            long start = System.nanoTime();
            work.run();
            if (round >= 0) {
                seconds[round] = (System.nanoTime() - start) / 1e9;
            }
        }
        Arrays.sort(seconds);
        return seconds[rounds / 2];
    }

    /** What the chip does at best: a large product and a large copy. */
    private void rates(CudaDevice device) {
        try (Weights weights = device.weights()) {
            float[] values = new float[LARGE * LARGE];
            Random random = new Random(4);
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextFloat() - 0.5f;
            }
            HostTensor host = HostTensor.of(Shape.of(LARGE, LARGE), values);
            Linear layer = weights.linear(host, null, Precision.F16);
            Tensor x = weights.tensor(host, DType.F16);
            double product = perCall(device, () -> device.ops().rows().linear(x, layer, Activation.NONE));
            report.figure("matmul " + LARGE + " cubed", 2 * Math.pow(LARGE, 3) / product / 1e12, "TFLOP/s");
            HostTensor rows = HostTensor.of(Shape.of(COPY_ROWS, COPY_COLUMNS), new float[COPY_ROWS * COPY_COLUMNS]);
            Tensor source = weights.tensor(rows, DType.F16);
            double copy = perCall(device, () -> device.ops().rows().concat(List.of(source)));
            report.figure("copy, read and written", 2.0 * source.shape().elements() * 2 / copy / 1e9, "GB/s");
            Tensor sum = weights.tensor(rows, DType.F16);
            double add = perCall(device, () -> device.ops().rows().add(source, sum));
            report.figure("sum, read and written", 3.0 * source.shape().elements() * 2 / add / 1e9, "GB/s");
        }
    }

    /** Seconds of one call among many that the device does without waiting, less those of an empty batch. */
    private static double perCall(CudaDevice device, Runnable call) {
        return Math.max(1e-9, (many(device, call, REPEATS) - many(device, call, 1)) / (REPEATS - 1));
    }

    private static double many(CudaDevice device, Runnable call, int count) {
        return median(5, () -> {
            device.beginBatch();
            Tensor flag = device.upload(new int[] {1});
            for (int i = 0; i < count; i++) {
                try (Scope _ = device.ops().scope()) {
                    call.run();
                }
            }
            device.download(flag); // waits for all of it
        });
    }

    private List<Goal> goals(Map<String, Double> peer) {
        List<Goal> goals = new ArrayList<>();
        double latency = report.value("limbic 1x32, graphs");
        goals.add(new Goal("gpu-latency-1x32", latency, 0.5, "ms", true));
        @Nullable Double eager = peer.get("eager 1x32");
        if (eager != null) {
            goals.add(new Goal("gpu-latency-eager-pytorch", eager / latency, 5, "times faster", false));
        }
        double share = report.value("limbic 128x128, products") / report.value("matmul " + LARGE + " cubed");
        goals.add(new Goal("gpu-throughput-16k-tokens", share, 0.6, "of a large matmul", false));
        return goals;
    }
}
