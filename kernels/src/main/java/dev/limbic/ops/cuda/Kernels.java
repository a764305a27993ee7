package dev.limbic.ops.cuda;

import dev.limbic.ops.DeviceException;
import dev.limbic.ops.DeviceException.Kind;
import dev.limbic.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Our kernels, loaded, and how to launch them. Arguments are written to one native block, so that they cost a launch no
 * allocation:
 *
 * <pre>kernels.of("softmax", "softmax", type).pointer(y).pointer(x).integer(rows).integer(n).launch(blocks, 256);</pre>
 *
 * <p>Owned by the device's thread.
 */
final class Kernels implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Kernels.class.getName());
    private static final int MAX_ARGUMENTS = 32;

    private final KernelCache cache;
    private final CUstream stream;
    private final Map<String, CUmodule> modules = new HashMap<>();
    private final Map<String, Map<String, CUfunction>> functions = new HashMap<>();

    /** First the addresses of the arguments, as the driver wants them, then the arguments, eight bytes each. */
    private final ByteBuffer block =
            ByteBuffer.allocateDirect(2 * MAX_ARGUMENTS * Long.BYTES).order(ByteOrder.nativeOrder());

    private final Pointer arguments = Pointer.to(block);
    private int count;
    private String launching = "";
    private @Nullable CUfunction function;

    Kernels(KernelCache cache, CUstream stream) {
        this.cache = cache;
        this.stream = stream;
        long values = java.lang.foreign.MemorySegment.ofBuffer(block).address() + MAX_ARGUMENTS * Long.BYTES;
        for (int i = 0; i < MAX_ARGUMENTS; i++) {
            block.putLong(i * Long.BYTES, values + (long) i * Long.BYTES);
        }
        try {
            prepare(KernelFamily.ALWAYS);
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    /** Loads what decoders need, so that their first step does not wait for it. */
    void prepareDecoding() {
        prepare(KernelFamily.DECODING);
    }

    /** Loads what models that see need, so that none of it is missing while work is recorded. */
    void preparePictures() {
        prepare(KernelFamily.PICTURES);
    }

    private void prepare(List<KernelFamily> families) {
        List<KernelFamily> missing = families.stream()
                .filter(family -> !modules.containsKey(family.name()))
                .toList();
        SideBySide.compile(missing, cache::code, (source, code) -> modules.put(source.name(), load(source, code)));
    }

    /** Loads code, or if the driver refuses it, such as an old one newer code, what can be had in its place. */
    private CUmodule load(KernelSource source, KernelCache.Code code) {
        CUmodule module = new CUmodule();
        int status = JCudaDriver.cuModuleLoadData(module, code.bytes());
        if (status != 0) {
            KernelCache.Code other = cache.instead(source, code.origin()).orElse(null);
            if (other != null) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "the driver refuses the " + code.origin().name().toLowerCase(Locale.ROOT) + " code of "
                                + source.name() + " (" + CUresult.stringFor(status) + ")");
                return load(source, other);
            }
            Check.driver(status, "cuModuleLoadData of " + source.name());
        }
        return module;
    }

    private CUfunction find(String family, String kernel) {
        KernelFamily known = KernelFamily.named(family)
                .filter(each -> each.kernels().contains(kernel))
                .orElseThrow(() -> new DeviceException(
                        Kind.REFUSED, "KernelFamily knows no kernel " + kernel + " in family " + family));
        prepare(List.of(known));
        CUfunction found = new CUfunction();
        Check.driver(
                JCudaDriver.cuModuleGetFunction(found, modules.get(family), kernel),
                "cuModuleGetFunction of " + kernel);
        return found;
    }

    /** Begins a launch of the kernel for a type. */
    Kernels of(String family, String kernel, DType type) {
        return of(family, KernelFamily.typed(kernel, type));
    }

    /** Begins a launch. */
    Kernels of(String family, String kernel) {
        launching = kernel;
        Map<String, CUfunction> known = functions.computeIfAbsent(family, none -> new HashMap<>());
        CUfunction found = known.get(kernel);
        if (found == null) {
            found = find(family, kernel);
            known.put(kernel, found);
        }
        function = found;
        count = 0;
        return this;
    }

    private int slot() {
        if (count == MAX_ARGUMENTS - 1) { // one place stays free for the null behind the last
            throw new IllegalStateException("too many arguments of " + launching);
        }
        return (MAX_ARGUMENTS + count++) * Long.BYTES;
    }

    /** An address, or 0 for null. */
    Kernels pointer(long address) {
        block.putLong(slot(), address);
        return this;
    }

    Kernels integer(int value) {
        block.putInt(slot(), value);
        return this;
    }

    Kernels number(float value) {
        block.putFloat(slot(), value);
        return this;
    }

    Kernels wide(long value) {
        block.putLong(slot(), value);
        return this;
    }

    void launch(int blocks, int threads) {
        launch(blocks, 1, 1, threads, 0);
    }

    /** Launches with a warp for each row. */
    void launchRows(int rows) {
        launch(Math.ceilDiv(rows, KernelNumbers.WARPS), KernelNumbers.ROW_BLOCK);
    }

    /** Launches with a warp for each row of each strip of columns. */
    void launchStrips(int rows, int columns) {
        launch(
                Math.ceilDiv(rows, KernelNumbers.WARPS),
                Math.ceilDiv(columns, KernelNumbers.ELEMENT_STRIP),
                1,
                KernelNumbers.ROW_BLOCK,
                0);
    }

    /** Launches, unless there is nothing to do: the driver refuses a grid without blocks. */
    void launch(int x, int y, int z, int threads, int sharedBytes) {
        if (x == 0 || y == 0 || z == 0) {
            return;
        }
        // The driver does not ask how many there are; a null behind the last lets checkers notice what is missing.
        int end = count * Long.BYTES;
        long behind = block.getLong(end);
        block.putLong(end, 0);
        int status = JCudaDriver.cuLaunchKernel(function, x, y, z, threads, 1, 1, sharedBytes, stream, arguments, null);
        block.putLong(end, behind);
        Check.driver(status, "cuLaunchKernel of " + launching);
    }

    @Override
    public void close() {
        modules.values().forEach(JCudaDriver::cuModuleUnload);
        modules.clear();
        functions.clear();
    }
}
