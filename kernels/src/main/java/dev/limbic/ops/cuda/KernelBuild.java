package dev.limbic.ops.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes the machine code that bundle and image carry, with the NVRTC that the loader finds; no driver is needed. */
public final class KernelBuild {
    private KernelBuild() {}

    /**
     * Compiles every family for each of the chips, unless that has been done before.
     *
     * @param arguments a folder that goes onto the class path, to which chips are added, and the chips, as two or three
     *     digits: 90 is compute capability 9.0
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length < 2) {
            System.err.println("usage: KernelBuild FOLDER CHIP...");
            System.exit(2);
        }
        Path folder = Path.of(arguments[0]).resolve(ShippedKernels.FOLDER);
        List<Integer> chips =
                Arrays.stream(arguments).skip(1).map(Integer::valueOf).toList();
        for (int chip : chips) {
            build(folder, chip);
        }
        Path index = folder.resolve(ShippedKernels.CHIPS);
        TreeSet<Integer> all = new TreeSet<>(chips);
        if (Files.exists(index)) {
            Files.readAllLines(index).forEach(line -> all.add(Integer.valueOf(line)));
        }
        Files.writeString(index, all.stream().map(chip -> chip + "\n").collect(Collectors.joining()));
    }

    private static void build(Path folder, int chip) throws IOException {
        long start = System.nanoTime();
        KernelCompiler compiler = new KernelCompiler(chip);
        if (!compiler.makesMachineCode()) {
            throw new IllegalArgumentException(compiler + " makes no machine code for sm_" + chip);
        }
        Path place = Files.createDirectories(folder.resolve("sm_" + chip));
        Set<Path> made = new HashSet<>();
        SideBySide.compile(
                KernelFamily.all(), source -> fileOf(folder, source, compiler, chip), (source, file) -> made.add(file));
        long bytes = 0;
        try (Stream<Path> files = Files.list(place)) {
            for (Path file : files.toList()) {
                if (made.contains(file)) {
                    bytes += Files.size(file);
                } else {
                    Files.delete(file); // of other sources
                }
            }
        }
        System.out.printf(
                Locale.ROOT,
                "sm_%d: %d families by %s in %.1f s, %.1f MB%n",
                chip,
                made.size(),
                compiler,
                (System.nanoTime() - start) / 1e9,
                bytes / 1e6);
    }

    /** The file of a family, which stays if it is there. */
    private static Path fileOf(Path folder, KernelSource source, KernelCompiler compiler, int chip) {
        Path file = folder.resolve(ShippedKernels.file(source, chip));
        try {
            if (!Files.exists(file) || SealedCode.open(Files.readAllBytes(file)).isEmpty()) {
                Files.write(file, SealedCode.seal(compiler.compile(source)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }
}
