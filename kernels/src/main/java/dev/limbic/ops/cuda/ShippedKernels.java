package dev.limbic.ops.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Machine code that was made when Limbic was built ({@link KernelBuild}) and stands on the class path, so that a host with
 * one of these chips compiles nothing and needs no NVRTC. A build without it has none; then hosts compile.
 *
 * <p>Whichever NVRTC made it, it is taken: the host may have none.
 */
final class ShippedKernels {
    /** Where it stands on the class path. */
    static final String FOLDER = "dev/limbic/ops/cuda/shipped/";

    /** File in that folder that says for which chips there is code, one a line. */
    static final String CHIPS = "chips";

    private static final System.Logger LOG = System.getLogger(ShippedKernels.class.getName());

    private final ClassLoader loader;
    private final List<Integer> chips;

    private ShippedKernels(ClassLoader loader) {
        this.loader = loader;
        this.chips = read(CHIPS)
                .map(bytes -> new String(bytes, StandardCharsets.US_ASCII).lines())
                .map(lines -> lines.map(Integer::valueOf).toList())
                .orElse(List.of());
    }

    /** What came along with this build. */
    static ShippedKernels ofThisBuild() {
        return of(ShippedKernels.class.getClassLoader());
    }

    static ShippedKernels of(ClassLoader loader) {
        return new ShippedKernels(loader);
    }

    /** Chips for which there is code, as two digits. */
    List<Integer> chips() {
        return chips;
    }

    /** Where the code of a family stands below {@link #FOLDER}. */
    static String file(KernelSource source, int chip) {
        return "sm_" + chip + "/" + SealedCode.name(source, "shipped " + KernelCompiler.options(chip));
    }

    /** The code of a family for a chip, if it came along undamaged and was made of this source. */
    Optional<byte[]> code(KernelSource source, int chip) {
        if (!chips.contains(chip)) {
            return Optional.empty();
        }
        Optional<byte[]> code = read(file(source, chip)).flatMap(SealedCode::open);
        if (code.isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the code that came along for " + source.name() + " on compute capability " + chip / 10 + "."
                            + chip % 10 + " is damaged or of other sources; it is compiled instead");
        }
        return code;
    }

    private Optional<byte[]> read(String file) {
        try (InputStream in = loader.getResourceAsStream(FOLDER + file)) {
            return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
        } catch (IOException damaged) {
            return Optional.empty();
        }
    }
}
