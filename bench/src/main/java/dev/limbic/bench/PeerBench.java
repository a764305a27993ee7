package dev.limbic.bench;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Image;
import dev.limbic.model.Model;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.preprocess.image.PreparedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * {@code limbic bench peer}: our side of a comparison that somebody else conducts, such as {@code bench/peers/vision.py}. A
 * line is a question, a line is its answer:
 *
 * <pre>
 * load FOLDER PRECISION PICTURES   loaded, or refused and why; ends the network before it
 * logits                           logits and the numbers, of all pictures
 * run TIMES                        seconds and those of the quickest of so many runs
 * </pre>
 */
public final class PeerBench {
    private final Device device;
    private @Nullable PeerNet net;
    private @Nullable Model<Image, PreparedImage, float[], Emotions> model;
    private int pictures;

    private PeerBench(Device device) {
        this.device = device;
    }

    /** Answers until there are no more questions. */
    public static void main(String[] arguments) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (Device device = new CpuDevice(Runtime.getRuntime().availableProcessors())) {
            PeerBench bench = new PeerBench(device);
            System.out.println("ready " + device.description());
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                System.out.println(bench.answer(line.split(" ", -1)));
            }
            bench.end();
        }
    }

    private String answer(String[] words) {
        try {
            return switch (words[0]) {
                case "load" -> load(Path.of(words[1]), words[2], Integer.parseInt(words[3]));
                case "logits" -> {
                    float[] logits = logits();
                    yield "logits "
                            + IntStream.range(0, logits.length)
                                    .mapToObj(i -> Float.toString(logits[i]))
                                    .collect(Collectors.joining(" "));
                }
                case "run" -> {
                    DoubleSupplier work = Turns.timed(this::logits);
                    yield "seconds " + Turns.least(work, Integer.parseInt(words[1]));
                }
                default -> "refused there is no question " + words[0];
            };
        } catch (IOException | RuntimeException e) {
            return "refused " + String.valueOf(e.getMessage()).replace('\n', ' ');
        }
    }

    private String load(Path folder, String precision, int count) throws IOException {
        end();
        PeerNet read = PeerNet.read(folder);
        model = read.load(device, Precision.valueOf(precision.toUpperCase(Locale.ROOT)));
        net = read;
        pictures = count;
        return "loaded";
    }

    private float[] logits() {
        if (net == null || model == null) {
            throw new IllegalStateException("nothing is loaded");
        }
        return net.logits(model, pictures);
    }

    private void end() {
        if (model != null) {
            model.close();
            model = null;
        }
    }
}
