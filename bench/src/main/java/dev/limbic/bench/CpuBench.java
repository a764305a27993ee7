package dev.limbic.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code limbic bench cpu}: all figures of the CPU engine and of the service around it; {@code limbic bench cpu overload}:
 * what becomes of it under more than it can do.
 */
public final class CpuBench {
    private CpuBench() {}

    /** Runs every measurement and prints the goals last; exits 0 whether they are met or not. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        List<Goal> goals = new ArrayList<>();
        if (arguments.length > 0 && arguments[0].equals("overload")) {
            goals.addAll(OverloadBench.run(List.of(arguments).subList(1, arguments.length)));
            goals.forEach(System.out::println);
            System.exit(0);
        }
        List<String> parts = arguments.length > 0
                ? List.of(arguments)
                : List.of("forward", "decode", "vision", "service", "dialogue");
        if (parts.contains("forward")) {
            goals.addAll(new ForwardBench(Runtime.getRuntime().availableProcessors()).run());
        }
        if (parts.contains("decode")) {
            goals.addAll(new DecodeBench(Runtime.getRuntime().availableProcessors()).run());
        }
        if (parts.contains("vision")) {
            goals.addAll(new VisionBench(Runtime.getRuntime().availableProcessors()).run());
        }
        if (parts.contains("service")) {
            goals.addAll(ServiceBench.run());
        }
        if (parts.contains("dialogue")) {
            goals.addAll(new DialogueBench(Runtime.getRuntime().availableProcessors()).run());
        }
        System.out.println("Accuracy of the precisions: limbic evaluate --data DIR");
        goals.forEach(System.out::println);
        System.exit(0);
    }
}
