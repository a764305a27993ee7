package dev.limbic.ops.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The machine code of kernels for one chip: what came along with this build, else what an earlier start has left in a
 * folder, else what the compiler makes, which is then left there. A folder that cannot be written only costs time. Any
 * thread may ask.
 */
final class KernelCache {
    private static final System.Logger LOG = System.getLogger(KernelCache.class.getName());

    private final Path folder;
    private final int chip;
    private final ShippedKernels shipped;
    private @Nullable KernelCompiler compiler;
    private boolean saidThatItCompiles;
    private boolean saidThatItCannotKeep;

    /** Where code came from, the best place first. */
    enum Origin {
        SHIPPED,
        KEPT,
        COMPILED
    }

    /** Code of a family. */
    record Code(byte[] bytes, Origin origin) {}

    KernelCache(Path folder, int chip, ShippedKernels shipped) {
        this.folder = folder;
        this.chip = chip;
        this.shipped = shipped;
    }

    /** Code of a family from the best place that has it. */
    Code code(KernelSource source) {
        return shipped.code(source, chip)
                .map(code -> new Code(code, Origin.SHIPPED))
                .orElseGet(() -> keptOrCompiled(source));
    }

    /** Code of a family from a place behind the one whose code the driver has refused; nothing when there is none. */
    Optional<Code> instead(KernelSource source, Origin refused) {
        return switch (refused) {
            case SHIPPED -> Optional.of(keptOrCompiled(source));
            case KEPT -> Optional.of(compiled(source));
            case COMPILED -> Optional.empty();
        };
    }

    private Code keptOrCompiled(KernelSource source) {
        try {
            return SealedCode.open(Files.readAllBytes(file(source)))
                    .map(code -> new Code(code, Origin.KEPT))
                    .orElseGet(() -> compiled(source));
        } catch (IOException absent) {
            return compiled(source);
        }
    }

    private Code compiled(KernelSource source) {
        sayThatItCompiles();
        byte[] code = compiler().compile(source);
        try {
            keep(file(source), SealedCode.seal(code));
        } catch (IOException e) {
            sayThatItCannotKeep(e);
        }
        return new Code(code, Origin.COMPILED);
    }

    /** Opened when it is first needed: where all code came along, NVRTC may be missing. */
    private synchronized KernelCompiler compiler() {
        KernelCompiler opened = compiler;
        if (opened == null) {
            opened = new KernelCompiler(chip);
            compiler = opened;
        }
        return opened;
    }

    private synchronized void sayThatItCompiles() {
        if (!saidThatItCompiles) {
            saidThatItCompiles = true;
            String why = shipped.chips().isEmpty()
                    ? "no machine code came along with this build"
                    : "this build brings machine code for " + shipped.chips();
            LOG.log(
                    System.Logger.Level.INFO,
                    "compiling kernels for compute capability " + chip / 10 + "." + chip % 10 + " with " + compiler()
                            + "; " + why + "; they are kept in " + folder);
        }
    }

    private synchronized void sayThatItCannotKeep(IOException why) {
        if (!saidThatItCannotKeep) {
            saidThatItCannotKeep = true;
            LOG.log(System.Logger.Level.WARNING, "compiled kernels cannot be kept in " + folder + ": " + why);
        }
    }

    private void keep(Path file, byte[] sealed) throws IOException {
        Files.createDirectories(folder);
        Path draft = Files.createTempFile(folder, "kernel", ".part");
        try {
            Files.write(draft, sealed);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    private Path file(KernelSource source) {
        return folder.resolve(SealedCode.name(source, compiler().key()));
    }
}
