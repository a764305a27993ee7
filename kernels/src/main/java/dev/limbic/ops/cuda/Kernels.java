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
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * Our kernels, loaded, and how to launch them. Arguments are written to one native block, so that they cost a launch no
 * allocation:
 *
 * <pre>kernels.of("softmax", "softmax", type).pointer(y).pointer(x).integer(rows).integer(n).launch(blocks, 256);</pre>
 *
 * <p>Owned by the device's thread.
 */
final class Kernels implements AutoCloseable {
    private static final int MAX_ARGUMENTS = 32;
    private static final List<String> FAMILIES =
            List.of("embed", "bias_activation", "add_layer_norm", "attention", "rows", "pool", "softmax", "cast");

    /** What only decoders need. Compiling it takes a while, so other models do not wait for it. */
    private static final List<String> DECODING =
            List.of("norm", "elementwise", "rotary", "cache_append", "cached_attention", "sample");

    private final KernelCache cache;
    private final CUstream stream;
    private final Map<String, CUmodule> modules = new HashMap<>();
    private final Map<String, CUfunction> functions = new HashMap<>();

    /** First the addresses of the arguments, as the driver wants them, then the arguments, eight bytes each. */
    private final ByteBuffer block =
            ByteBuffer.allocateDirect(2 * MAX_ARGUMENTS * Long.BYTES).order(ByteOrder.nativeOrder());

    private final Pointer arguments = Pointer.to(block);
    private int count;
    private String launching = "";

    Kernels(KernelCache cache, CUstream stream) {
        this.cache = cache;
        this.stream = stream;
        long values = java.lang.foreign.MemorySegment.ofBuffer(block).address() + MAX_ARGUMENTS * Long.BYTES;
        for (int i = 0; i < MAX_ARGUMENTS; i++) {
            block.putLong(i * Long.BYTES, values + (long) i * Long.BYTES);
        }
        try {
            FAMILIES.forEach(this::module);
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    /** Loads what decoders need, so that their first step does not wait for it. */
    void prepareDecoding() {
        DECODING.forEach(this::module);
    }

    private CUmodule module(String family) {
        CUmodule loaded = modules.get(family);
        if (loaded == null) {
            if (!FAMILIES.contains(family) && !DECODING.contains(family)) {
                throw new DeviceException(Kind.REFUSED, "no family of kernels is called " + family);
            }
            loaded = load(KernelSource.of(family));
            modules.put(family, loaded);
        }
        return loaded;
    }

    private CUmodule load(KernelSource source) {
        CUmodule module = new CUmodule();
        if (JCudaDriver.cuModuleLoadData(module, cache.code(source)) != 0) {
            // What lies on the disk may be damaged.
            Check.driver(
                    JCudaDriver.cuModuleLoadData(module, cache.recompile(source)),
                    "cuModuleLoadData of " + source.name());
        }
        return module;
    }

    /** Begins a launch of the kernel for a type. */
    Kernels of(String family, String kernel, DType type) {
        return of(family, kernel + "_" + type.name().toLowerCase(Locale.ROOT));
    }

    /** Begins a launch. */
    Kernels of(String family, String kernel) {
        launching = kernel;
        if (!functions.containsKey(kernel)) {
            CUmodule module = module(family);
            CUfunction function = new CUfunction();
            Check.driver(JCudaDriver.cuModuleGetFunction(function, module, kernel), "cuModuleGetFunction of " + kernel);
            functions.put(kernel, function);
        }
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

    /** Launches, unless there is nothing to do: the driver refuses a grid without blocks. */
    void launch(int x, int y, int z, int threads, int sharedBytes) {
        if (x == 0 || y == 0 || z == 0) {
            return;
        }
        CUfunction function = functions.get(launching);
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
