package dev.limbic.ops.cuda;

import dev.limbic.ops.DeviceException;
import dev.limbic.ops.DeviceException.Kind;
import java.util.ArrayDeque;
import java.util.Deque;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;

/**
 * One chip's context with the stream that everything runs on and the handles of the libraries. Current on whichever
 * thread called {@link #enter} last; one thread at a time.
 */
final class CudaContext implements AutoCloseable {
    /** Volta has no bf16 and its tensor cores another layout; cuDNN 9 and NVRTC 12 start to leave it. */
    private static final int OLDEST_CHIP = 75;

    /** Tensor cores know bf16 from here on. */
    static final int AMPERE = 80;

    /** CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION, which JCuda does not name. */
    private static final int SUMS_IN_F32 = 16;

    private static final int NAME_BYTES = 256;

    final CUstream stream = new CUstream();
    final cublasHandle cublas = new cublasHandle();
    final cudnnHandle cudnn = new cudnnHandle();
    private final CUcontext context = new CUcontext();
    private final CUdevice device = new CUdevice();
    private final Deque<Runnable> release = new ArrayDeque<>();
    private final String name;
    private final int chip;
    private @Nullable Thread current;

    /**
     * @param ordinal which chip, counted from 0
     * @param compiler whether it is sure that kernels must be compiled
     */
    CudaContext(int ordinal, boolean compiler) {
        CudaLibraries.require(compiler);
        int[] count = new int[1];
        int status = JCudaDriver.cuInit(0);
        if (status == CUresult.CUDA_ERROR_NO_DEVICE) {
            throw new DeviceException(Kind.MISSING, "the NVIDIA driver sees no chip");
        }
        Check.driver(status, "cuInit");
        Check.driver(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
        if (ordinal < 0 || ordinal >= count[0]) {
            throw new DeviceException(
                    Kind.MISSING, "CUDA device " + ordinal + " does not exist; the driver sees " + count[0]);
        }
        Check.driver(JCudaDriver.cuDeviceGet(device, ordinal), "cuDeviceGet");
        name = name(device);
        chip = 10 * attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                + attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        if (chip < OLDEST_CHIP) {
            throw new DeviceException(
                    Kind.MISSING,
                    name + " has compute capability " + chip / 10 + "." + chip % 10
                            + "; 7.5 (Turing) or newer is needed");
        }
        try {
            Check.driver(JCudaDriver.cuCtxCreate(context, 0, device), "cuCtxCreate");
            release.push(() -> JCudaDriver.cuCtxDestroy(context));
            current = Thread.currentThread();
            Check.driver(JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
            release.push(() -> JCudaDriver.cuStreamDestroy(stream));
            Check.cublas(JCublas2.cublasCreate(cublas), "cublasCreate");
            release.push(() -> JCublas2.cublasDestroy(cublas));
            Check.cublas(JCublas2.cublasSetStream(cublas, new cudaStream_t(stream)), "cublasSetStream");
            // Sums stay f32 also where cuBLAS splits a product and adds the parts up.
            Check.cublas(JCublas2.cublasSetMathMode(cublas, SUMS_IN_F32), "cublasSetMathMode");
            Check.cudnn(JCudnn.cudnnCreate(cudnn), "cudnnCreate");
            release.push(() -> JCudnn.cudnnDestroy(cudnn));
            Check.cudnn(JCudnn.cudnnSetStream(cudnn, new cudaStream_t(stream)), "cudnnSetStream");
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    private static String name(CUdevice device) {
        byte[] bytes = new byte[NAME_BYTES];
        Check.driver(JCudaDriver.cuDeviceGetName(bytes, bytes.length, device), "cuDeviceGetName");
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, java.nio.charset.StandardCharsets.UTF_8);
    }

    int attribute(int attribute) {
        int[] value = new int[1];
        Check.driver(JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
        return value[0];
    }

    /** What the chip is called. */
    String name() {
        return name;
    }

    /** Compute capability as two digits: 90 is 9.0. */
    int chip() {
        return chip;
    }

    /** Makes the context current on the calling thread, from which all further calls come. */
    void enter() {
        Thread caller = Thread.currentThread();
        if (!caller.equals(current)) {
            Check.driver(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
            current = caller;
        }
    }

    /** Waits for everything on the stream; failures of kernels show here. */
    void synchronise() {
        Check.driver(JCudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize");
    }

    @Override
    public void close() {
        if (!Thread.currentThread().equals(current)) {
            JCudaDriver.cuCtxSetCurrent(context);
        }
        while (!release.isEmpty()) {
            release.pop().run();
        }
    }
}
