package dev.limbic.bench;

import ai.onnxruntime.OrtException;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Image;
import dev.limbic.model.Model;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.PreparedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Networks that see, beside ONNX Runtime: same weights, threads and pictures, turn by turn in this process. Ours begins at
 * bytes on the host, the peer at normalised numbers; both end at logits on the host. Of several precisions, files and ways
 * to wait each side takes what is quickest when all are tried, and those two are compared.
 */
final class OnnxBench {
    private static final List<String> NETS = List.of("mini-xception", "resnet-50", "vit-b16", "efficientnet-b0");
    private static final int[] BATCHES = {1, 16};
    private static final int ROUNDS = 9;

    /** What rounding in f32 may come to, as a share of the largest logit. */
    private static final double CLOSE = 1e-3;

    private static final double F32_WANTED = 1.0;
    private static final double BEST_WANTED = 1.6;
    private static final String UNIT = "x ONNX Runtime";

    private final Path folder;
    private final int threads;
    private final List<Goal> goals = new ArrayList<>();

    OnnxBench(Path folder, int threads) {
        this.folder = folder;
        this.threads = threads;
    }

    /** Ready to compute logits. */
    private record Side(Supplier<float[]> logits, AutoCloseable resource) implements AutoCloseable {
        Turns.Work work() {
            return Turns.Work.of(Turns.timed(() -> {
                float[] _ = logits.get();
            }));
        }

        @Override
        public void close() throws IOException {
            try {
                resource.close();
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
    }

    private interface Opening {
        Side open() throws IOException;
    }

    /** One way to compute logits. */
    private record Candidate(String name, Opening opening) {}

    /** One that was tried, and what it took. */
    private record Tried(Candidate candidate, double seconds) {
        String name() {
            return candidate.name();
        }
    }

    /** Goals of a peer that is not there. */
    static List<Goal> notMeasured() {
        System.out.println(
                "Beside ONNX Runtime: not measured. python bench/peers/make_vision.py DIR makes what it reads"
                        + " (see bench/README.md), ./limbic bench cpu vision --onnx DIR measures.");
        List<Goal> goals = new ArrayList<>();
        for (String net : NETS) {
            for (int pictures : BATCHES) {
                goals.add(Goal.notMeasured(name(net, pictures, "f32"), F32_WANTED, UNIT, false));
                goals.add(Goal.notMeasured(name(net, pictures, "best"), BEST_WANTED, UNIT, false));
            }
        }
        return goals;
    }

    private static String name(String net, int pictures, String precision) {
        return "onnx-" + net + "-x" + pictures + "-" + precision;
    }

    /**
     * Runs all networks, prints a table and returns the goals.
     *
     * @throws IOException if a network is not there, or both sides do not compute the same
     */
    List<Goal> run() throws IOException {
        for (String name : NETS) {
            if (!Files.isDirectory(folder.resolve(name))) {
                throw new IOException("no folder " + folder.resolve(name)
                        + "; bench/peers/make_vision.py makes it, see bench/README.md");
            }
        }
        System.out.println("Beside ONNX Runtime, " + threads + " threads each");
        System.out.printf(
                "%-16s %8s  %10s %-6s %10s %-28s %8s%n",
                "network", "pictures", "ours ms", "", "theirs ms", "", "times");
        try (Device device = new CpuDevice(threads)) {
            for (String name : NETS) {
                PeerNet net = PeerNet.read(folder.resolve(name));
                float[] exact = logits(ours(device, net, net.pictures().size(), Precision.F32));
                for (Path file : net.onnx("f32")) {
                    requireClose(file, exact, logits(theirs(net, net.pictures().size(), file, true)));
                }
                for (int pictures : BATCHES) {
                    compare(device, net, pictures, exact);
                }
            }
        }
        return goals;
    }

    private static float[] logits(Candidate candidate) throws IOException {
        try (Side side = candidate.opening().open()) {
            return side.logits().get();
        }
    }

    private static void requireClose(Path file, float[] ours, float[] theirs) throws IOException {
        double away = difference(ours, theirs);
        if (!(away <= CLOSE)) {
            throw new IOException(file + ": its logits differ from ours by " + away
                    + " of their size, expected at most " + CLOSE + "; were both made by one run of make_vision.py?");
        }
    }

    /** The largest difference as a share of the largest value; NaN if there is no telling. */
    private static double difference(float[] expected, float[] found) {
        double worst = 0;
        double largest = 0;
        for (int i = 0; i < found.length; i++) {
            worst = Math.max(worst, Math.abs(expected[i] - found[i]));
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        return worst / largest;
    }

    private static Candidate ours(Device device, PeerNet net, int pictures, Precision precision) {
        return new Candidate(precision.name().toLowerCase(Locale.ROOT), () -> {
            Model<Image, PreparedImage, float[], Emotions> model = net.load(device, precision);
            return new Side(() -> net.logits(model, pictures), model);
        });
    }

    private Candidate theirs(PeerNet net, int pictures, Path file, boolean spinning) {
        String name = file.getFileName() + (spinning ? ", spinning" : ", waiting");
        ImageSettings.Size size = net.settings().size();
        return new Candidate(name.replace(".onnx", ""), () -> {
            try {
                OnnxNet peer = new OnnxNet(
                        file,
                        threads,
                        spinning,
                        net.pixels(pictures),
                        pictures,
                        net.settings().channels(),
                        size.height(),
                        size.width());
                return new Side(peer::run, peer);
            } catch (OrtException e) {
                throw new IOException(file + ": " + e.getMessage(), e);
            }
        });
    }

    private void compare(Device device, PeerNet net, int pictures, float[] exact) throws IOException {
        List<Candidate> precisions = new ArrayList<>();
        for (Precision precision : Precision.values()) {
            if (device.supports(precision) && computes(device, net, precision)) {
                precisions.add(ours(device, net, pictures, precision));
            }
        }
        Candidate f32 = ours(device, net, pictures, Precision.F32);
        List<Tried> theirs = tried(candidates(net, pictures));
        List<Tried> exactly =
                theirs.stream().filter(each -> each.name().startsWith("f32")).toList();
        compare(net, pictures, "f32", F32_WANTED, f32, quickest(exactly), exact);
        compare(net, pictures, "best", BEST_WANTED, quickest(tried(precisions)), quickest(theirs), exact);
    }

    /** Whether the network can be had in this precision; not all of its operations may be there. */
    private static boolean computes(Device device, PeerNet net, Precision precision) {
        try (Model<Image, PreparedImage, float[], Emotions> _ = net.load(device, precision)) {
            return true;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    private List<Candidate> candidates(PeerNet net, int pictures) throws IOException {
        List<Candidate> candidates = new ArrayList<>();
        for (Path file : net.onnx("")) {
            candidates.add(theirs(net, pictures, file, true));
            candidates.add(theirs(net, pictures, file, false));
        }
        return candidates;
    }

    private static List<Tried> tried(List<Candidate> candidates) throws IOException {
        List<Tried> tried = new ArrayList<>();
        for (Candidate candidate : candidates) {
            try (Side side = candidate.opening().open()) {
                tried.add(new Tried(candidate, Turns.warm(side.work())));
            }
        }
        return tried;
    }

    private static Candidate quickest(List<Tried> tried) {
        return Collections.min(tried, Comparator.comparingDouble(Tried::seconds))
                .candidate();
    }

    private void compare(
            PeerNet net, int pictures, String precision, double wanted, Candidate ours, Candidate theirs, float[] exact)
            throws IOException {
        try (Side our = ours.opening().open();
                Side peer = theirs.opening().open()) {
            double[] seconds = Turns.measure(ROUNDS, List.of(our.work(), peer.work()));
            System.out.printf(
                    Locale.ROOT,
                    "%-16s %8d  %10.3f %-6s %10.3f %-28s %8.3f   off by %.0e, %.0e%n",
                    net.name(),
                    pictures,
                    seconds[0] * 1e3,
                    ours.name(),
                    seconds[1] * 1e3,
                    theirs.name(),
                    seconds[1] / seconds[0],
                    difference(exact, our.logits().get()),
                    difference(exact, peer.logits().get()));
            goals.add(new Goal(name(net.name(), pictures, precision), seconds[1] / seconds[0], wanted, UNIT, false));
        }
    }
}
