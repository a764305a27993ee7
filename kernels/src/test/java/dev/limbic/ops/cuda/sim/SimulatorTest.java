package dev.limbic.ops.cuda.sim;

import static dev.limbic.ops.cuda.sim.SimulatedChip.floats;
import static dev.limbic.ops.cuda.sim.SimulatedChip.kernel;
import static dev.limbic.ops.cuda.sim.SimulatedChip.ok;
import static dev.limbic.ops.cuda.sim.SimulatedChip.read;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.cudaDataType;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Planted faults: each must be reported, with its place, and none may hang or end the process. */
final class SimulatorTest {
    private SimulatedChip chip;

    @BeforeAll
    static void install() {
        CudaSimulator.install();
    }

    @BeforeEach
    void open() {
        CudaSimulator.takeFault();
        chip = new SimulatedChip();
    }

    @AfterEach
    void close() {
        chip.close();
    }

    /** The stream fails with this status, the report holds this text, and the context stays failed. */
    private void assertFault(int status, String... texts) {
        assertThat(CUresult.stringFor(chip.synchronise())).isEqualTo(CUresult.stringFor(status));
        assertThat(CudaSimulator.takeFault()).contains(texts);
        assertThat(JCudaDriver.cuMemAlloc(new CUdeviceptr(), 4)).isEqualTo(status);
        chip.close();
        chip = new SimulatedChip();
        float[] alive = read(floats(7), 1);
        assertThat(alive).containsExactly(7);
    }

    @Test
    void writePastTheEndIntoTheGuardPage() {
        CUfunction k = kernel("(float* y, int n) { int i = blockIdx.x * 32 + threadIdx.x; if (i <= n) y[i] = 1; }");
        ok(chip.launch(k, 3, 32, 0, floats(new float[64]), 64));
        assertFault(
                CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
                "kernel k, block (2,0,0), thread (0,0,0): write to",
                "0 bytes past the end of a device allocation of 256 bytes");
    }

    @Test
    void writePastTheEndWithinAPage() {
        CUfunction k = kernel("(float* y, int n) { if (threadIdx.x <= n) y[threadIdx.x] = 1; }");
        ok(chip.launch(k, 1, 32, 0, floats(new float[5]), 5));
        assertFault(
                CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "write 0 bytes past the end of a device allocation of 20 bytes");
    }

    @Test
    void writeBeforeTheStart() {
        CUfunction k = kernel("(float* y) { y[-1] = 1; }");
        ok(chip.launch(k, 1, 1, 0, floats(1, 2)));
        assertFault(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "write 4 bytes before the start of a device allocation");
    }

    @Test
    void readPastTheEnd() {
        CUfunction k = kernel("(float* y, const float* x) { *y = x[64]; }");
        ok(chip.launch(k, 1, 1, 0, floats(0), floats(new float[64])));
        assertFault(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "read of", "past the end of a device allocation of 256 bytes");
    }

    @Test
    void useAfterFree() {
        CUfunction k = kernel("(float* y) { y[threadIdx.x] = 1; }");
        CUdeviceptr y = floats(new float[32]);
        ok(JCudaDriver.cuMemFree(y));
        ok(chip.launch(k, 1, 32, 0, y));
        assertFault(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "kernel k", "in an allocation of 128 bytes that was freed");
    }

    @Test
    void freedTwice() {
        CUdeviceptr y = floats(1);
        ok(JCudaDriver.cuMemFree(y));
        assertThat(JCudaDriver.cuMemFree(y)).isEqualTo(CUresult.CUDA_ERROR_INVALID_VALUE);
    }

    @Test
    void missingBarrier() {
        CUfunction k = kernel("(float* y) { __shared__ float s[64]; s[threadIdx.x] = threadIdx.x;"
                + " y[threadIdx.x] = s[threadIdx.x ^ 32]; }");
        ok(chip.launch(k, 1, 64, 0, floats(new float[64])));
        assertFault(
                CUresult.CUDA_ERROR_LAUNCH_FAILED,
                "kernel k, block (0,0,0), thread (32,0,0): race: write of __shared__ s at byte 128",
                "without a barrier after the read by thread (0,0,0)");
    }

    /** As tensor cores' fragments are: written in words, read in halves. */
    @Test
    void missingBarrierBetweenAccessesOfDifferentWidths() {
        CUfunction k = kernel("(float* y) { __shared__ unsigned s[64]; s[threadIdx.x] = threadIdx.x;"
                + " y[threadIdx.x] = reinterpret_cast<unsigned short*>(s)[2 * (threadIdx.x ^ 32)]; }");
        ok(chip.launch(k, 1, 64, 0, floats(new float[64])));
        assertFault(CUresult.CUDA_ERROR_LAUNCH_FAILED, "race: ", "of __shared__ s");
    }

    @Test
    void missingBarrierBeforeSharedMemoryIsUsedAgain() {
        CUfunction k = kernel("(float* y) { extern __shared__ float s[]; for (int i = 0; i < 2; i++) {"
                + " s[threadIdx.x] = i; __syncthreads(); y[threadIdx.x] = s[63 - threadIdx.x]; } }");
        ok(chip.launch(k, 1, 64, 256, floats(new float[64])));
        assertFault(
                CUresult.CUDA_ERROR_LAUNCH_FAILED,
                "race: read of dynamic shared memory at byte ",
                " of 256 without a barrier after the write by thread (");
    }

    @Test
    void barrierThatNotAllReach() {
        CUfunction k = kernel("(float* y) { if (threadIdx.x != 3) __syncthreads(); *y = 1; }");
        ok(chip.launch(k, 1, 64, 0, floats(0)));
        assertFault(
                CUresult.CUDA_ERROR_LAUNCH_FAILED,
                "__syncthreads was reached by 63 of 64 threads",
                "thread (3,0,0) ended without it");
    }

    @Test
    void shuffleThatNotAllLanesReach() {
        CUfunction k = kernel(
                "(float* y) { if (threadIdx.x < 16) *y = __shfl_xor_sync(~0u, 1.0f, 1);" + " else __syncthreads(); }");
        ok(chip.launch(k, 1, 32, 0, floats(0)));
        assertFault(
                CUresult.CUDA_ERROR_LAUNCH_FAILED, "__syncthreads was reached by 16 of 32", "waits in __shfl_xor_sync");
    }

    @Test
    void indexBeyondASharedArray() {
        CUfunction k = kernel("(float* y, int n) { __shared__ float s[8]; s[threadIdx.x + n] = 1; *y = 1; }");
        ok(chip.launch(k, 1, 8, 0, floats(0), 1));
        assertFault(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "thread (7,0,0)", "beyond the end of an array at k.cu:1");
    }

    @Test
    void writePastDynamicSharedMemory() {
        CUfunction k = kernel("(float* y) { extern __shared__ float s[]; s[threadIdx.x] = 1; *y = 1; }");
        ok(chip.launch(k, 1, 64, 63 * 4, floats(0)));
        assertFault(
                CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
                "write 0 bytes past the end of 252 bytes of dynamic shared memory");
    }

    @Test
    void misalignedAccess() {
        CUfunction k = kernel("(float* y) { *reinterpret_cast<float4*>(y + 1) = make_float4(1, 2, 3, 4); }");
        ok(chip.launch(k, 1, 1, 0, floats(new float[8])));
        assertFault(CUresult.CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned access at k.cu:1");
    }

    @Test
    void tooManyThreadsSharedBytesOrBlocks() {
        CUfunction k = kernel("__launch_bounds__(128)", "(float* y) { *y = 1; }");
        CUdeviceptr y = floats(0);
        int refused = CUresult.CUDA_ERROR_INVALID_VALUE;
        assertThat(chip.launch(k, 1, 2048, 0, y)).isEqualTo(refused);
        assertThat(CudaSimulator.takeFault()).contains("launch of k refused: block (2048,1,1)");
        assertThat(chip.launch(k, 1, 129, 0, y)).isEqualTo(refused);
        assertThat(CudaSimulator.takeFault()).contains("larger than __launch_bounds__(128)");
        assertThat(chip.launch(k, 0, 32, 0, y)).isEqualTo(refused);
        assertThat(CudaSimulator.takeFault()).contains("grid (0,1,1)");
        assertThat(chip.launch(k, 1, 32, 49 << 10, y)).isEqualTo(refused);
        assertThat(CudaSimulator.takeFault()).contains("50176 bytes of dynamic shared memory");
        ok(chip.launch(k, 1, 128, 48 << 10, y));
        ok(chip.synchronise());
    }

    @Test
    void wrongNumberOfArguments() {
        CUfunction k = kernel("(float* y, int n) { *y = n; }");
        CUdeviceptr y = floats(0);
        assertThat(chip.launch(k, 1, 1, 0, y)).isEqualTo(CUresult.CUDA_ERROR_INVALID_VALUE);
        assertThat(CudaSimulator.takeFault()).contains("argument 2 of 2 is missing");

        ByteBuffer values = ByteBuffer.allocateDirect(24).order(ByteOrder.nativeOrder());
        values.putLong(0, SimulatedChip.address(y)).putInt(8, 5);
        for (long bytes : new long[] {8, 12, 24}) {
            Pointer extra = Pointer.to(
                    JCudaDriver.CU_LAUNCH_PARAM_BUFFER_POINTER,
                    Pointer.to(values),
                    JCudaDriver.CU_LAUNCH_PARAM_BUFFER_SIZE,
                    Pointer.to(new long[] {bytes}),
                    JCudaDriver.CU_LAUNCH_PARAM_END);
            assertThat(JCudaDriver.cuLaunchKernel(k, 1, 1, 1, 1, 1, 1, 0, chip.stream, null, extra))
                    .isEqualTo(bytes == 12 ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_VALUE);
        }
        ok(chip.synchronise());
        assertThat(read(y, 1)).containsExactly(5);
    }

    @Test
    void captureOfASynchronousCopy() {
        CUdeviceptr y = floats(0);
        ok(JCudaDriver.cuStreamBeginCapture(chip.stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        assertThat(JCudaDriver.cuMemcpyHtoD(y, Pointer.to(new float[] {1}), Sizeof.FLOAT))
                .isEqualTo(CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
        assertThat(CudaSimulator.takeFault()).contains("stream capture invalidated");
        assertThat(JCudaDriver.cuStreamEndCapture(chip.stream, new CUgraph()))
                .isEqualTo(CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
        ok(chip.synchronise());
    }

    @Test
    void copyBeyondAnAllocation() {
        CUdeviceptr y = floats(1, 2);
        assertThat(JCudaDriver.cuMemcpyHtoD(y, Pointer.to(new float[3]), 12))
                .isEqualTo(CUresult.CUDA_ERROR_INVALID_VALUE);
        assertThat(CudaSimulator.takeFault()).contains("cuMemcpyHtoD of 12 bytes refused");
    }

    private int product(cublasHandle cublas, CUdeviceptr a, int lda) {
        int f32 = cudaDataType.CUDA_R_32F;
        int plain = cublasOperation.CUBLAS_OP_N;
        Pointer one = Pointer.to(new float[] {1});
        return JCublas2.cublasGemmEx_new(
                cublas,
                plain,
                plain,
                4,
                4,
                4,
                one,
                a,
                f32,
                lda,
                a,
                f32,
                4,
                one,
                a,
                f32,
                4,
                cublasComputeType.CUBLAS_COMPUTE_32F,
                cublasGemmAlgo.CUBLAS_GEMM_DEFAULT);
    }

    @Test
    void wrongLeadingDimension() {
        cublasHandle cublas = new cublasHandle();
        assertThat(JCublas2.cublasCreate(cublas)).isZero();
        assertThat(JCublas2.cublasSetStream(cublas, new cudaStream_t(chip.stream)))
                .isZero();
        CUdeviceptr a = floats(new float[16]);
        assertThat(product(cublas, a, 4)).isZero();
        ok(chip.synchronise());
        // Too small is refused; too large reads past the end.
        assertThat(product(cublas, a, 3)).isEqualTo(cublasStatus.CUBLAS_STATUS_INVALID_VALUE);
        CudaSimulator.takeFault();
        assertThat(product(cublas, a, 8)).isZero();
        assertFault(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "cublasGemmEx");
        assertThat(JCublas2.cublasDestroy(cublas)).isZero();
    }

    @Test
    void compileErrorHasItsPlace() {
        SimulatedChip.Compiled compiled = SimulatedChip.compile(
                "bad.cu",
                "#include \"half.cuh\"\nextern \"C\" __global__ void k(float* y) {\n    *y = half(missing);\n}\n",
                new String[] {"__device__ inline float half(float x) { return x / 2; }\n"},
                new String[] {"half.cuh"});
        assertThat(compiled.status()).isEqualTo(6);
        assertThat(compiled.log())
                .contains("bad.cu(3): error:", "missing", "1 error detected in the compilation of \"bad.cu\"");
    }

    @Test
    void systemHeadersAreNotThere() {
        SimulatedChip.Compiled compiled =
                SimulatedChip.compile("bad.cu", "#include <vector>\n", new String[0], new String[0]);
        assertThat(compiled.status()).isEqualTo(6);
        assertThat(compiled.log()).contains("bad.cu(1): error: vector");
    }

    @Test
    void imagesThatAreNoneAreRefused() {
        assertThat(JCudaDriver.cuModuleLoadData(new CUmodule(), new byte[64]))
                .isEqualTo(CUresult.CUDA_ERROR_INVALID_IMAGE);
    }

    @Test
    void injectedFault() {
        CUfunction k = kernel("(float* y) { *y = 1; }");
        CudaSimulator.injectFault(CUresult.CUDA_ERROR_ECC_UNCORRECTABLE);
        ok(chip.launch(k, 1, 1, 0, floats(0)));
        assertFault(CUresult.CUDA_ERROR_ECC_UNCORRECTABLE, "fault injected into k");
    }

    @Test
    void outOfMemory() {
        CudaSimulator.limitMemory(1 << 20);
        try {
            CUdeviceptr half = floats(new float[1 << 17]);
            assertThat(JCudaDriver.cuMemAlloc(new CUdeviceptr(), (1 << 19) + 1))
                    .isEqualTo(CUresult.CUDA_ERROR_OUT_OF_MEMORY);
            ok(JCudaDriver.cuMemFree(half));
            ok(JCudaDriver.cuMemAlloc(new CUdeviceptr(), 1 << 20));
        } finally {
            CudaSimulator.limitMemory(0);
        }
    }

    @Test
    void leaksAreCounted() {
        long before = CudaSimulator.abandoned();
        CUdeviceptr left = floats(1);
        assertThat(left).isNotNull();
        ok(JCudaDriver.cuStreamDestroy(chip.stream));
        ok(JCudaDriver.cuCtxDestroy(chip.context));
        assertThat(CudaSimulator.abandoned() - before).isEqualTo(1);
    }
}
