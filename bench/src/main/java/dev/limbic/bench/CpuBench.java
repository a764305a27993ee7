package dev.limbic.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code limbic bench cpu}: all figures of the CPU engine and of the service around it, or some of them by name, where
 * {@code vision} stands for all of networks that see; {@code --onnx DIR}: beside ONNX Runtime too; {@code limbic bench cpu
 * overload}: what becomes of the service under more than it can do.
 */
public final class CpuBench {
    private static final List<String> PARTS =
            List.of("forward", "decode", "picture", "layers", "onnx", "frames", "service", "dialogue");
    private static final List<String> VISION = List.of("picture", "layers", "onnx");

    private CpuBench() {}

    /** Runs every measurement and prints the goals last; exits 0 whether they are met or not, 2 if misused. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        List<Goal> goals = new ArrayList<>();
        List<String> parts = new ArrayList<>(List.of(arguments));
        if (!parts.isEmpty() && parts.getFirst().equals("overload")) {
            goals.addAll(OverloadBench.run(parts.subList(1, parts.size())));
            goals.forEach(System.out::println);
            System.exit(0);
        }
        Path onnx = null;
        int at = parts.indexOf("--onnx");
        if (at >= 0 && at + 1 < parts.size()) {
            onnx = Path.of(parts.remove(at + 1));
            parts.remove(at);
        }
        if (parts.remove("vision")) {
            parts.addAll(VISION);
        }
        if (!PARTS.containsAll(parts)) {
            System.err.println(
                    "usage: limbic bench cpu [overload | vision | " + String.join(" | ", PARTS) + "] [--onnx DIR]");
            System.exit(2);
        }
        int threads = Runtime.getRuntime().availableProcessors();
        for (String part : parts.isEmpty() ? PARTS : parts) {
            goals.addAll(
                    switch (part) {
                        case "forward" -> new ForwardBench(threads).run();
                        case "decode" -> new DecodeBench(threads).run();
                        case "picture" -> PictureBench.run();
                        case "layers" -> new VisionBench(threads).run();
                        case "onnx" -> onnx == null ? OnnxBench.notMeasured() : new OnnxBench(onnx, threads).run();
                        case "frames" -> FrameBench.run();
                        case "service" -> ServiceBench.run();
                        default -> new DialogueBench(threads).run();
                    });
        }
        System.out.println("Accuracy of the precisions: limbic evaluate --data DIR");
        goals.forEach(System.out::println);
        System.exit(0);
    }
}
