package dev.limbic.ops.cuda.sim;

import static dev.limbic.ops.cuda.sim.SimulatedChip.floats;
import static dev.limbic.ops.cuda.sim.SimulatedChip.read;
import static org.assertj.core.api.Assertions.assertThat;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgo;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnDeterminism;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnTensorFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The stand-in convolves, and refuses what cuDNN 9 refuses. */
final class SimulatedConvolutionTest {
    private static final int OK = 0;
    private static final int BAD_PARAM = 2000;
    private static final int NOT_SUPPORTED = 3000;
    private static final int FLOAT = cudnnDataType.CUDNN_DATA_FLOAT;
    private static final int NHWC = cudnnTensorFormat.CUDNN_TENSOR_NHWC;
    private static final int NCHW = cudnnTensorFormat.CUDNN_TENSOR_NCHW;
    private static final int GEMM = cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM;
    private static final int PRECOMPUTED = cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;

    private final cudnnHandle handle = new cudnnHandle();
    private final cudnnTensorDescriptor x = new cudnnTensorDescriptor();
    private final cudnnTensorDescriptor y = new cudnnTensorDescriptor();
    private final cudnnFilterDescriptor w = new cudnnFilterDescriptor();
    private final cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();
    private SimulatedChip chip;

    @BeforeAll
    static void install() {
        CudaSimulator.install();
    }

    /** One picture of 2 × 2 pixels of two channels, two filters of one pixel. */
    @BeforeEach
    void open() {
        chip = new SimulatedChip();
        assertThat(JCudnn.cudnnCreate(handle)).isEqualTo(OK);
        assertThat(JCudnn.cudnnCreateTensorDescriptor(x)).isEqualTo(OK);
        assertThat(JCudnn.cudnnCreateTensorDescriptor(y)).isEqualTo(OK);
        assertThat(JCudnn.cudnnCreateFilterDescriptor(w)).isEqualTo(OK);
        assertThat(JCudnn.cudnnCreateConvolutionDescriptor(convolution)).isEqualTo(OK);
        assertThat(JCudnn.cudnnSetTensor4dDescriptor(x, NHWC, FLOAT, 1, 2, 2, 2))
                .isEqualTo(OK);
        assertThat(JCudnn.cudnnSetTensor4dDescriptor(y, NHWC, FLOAT, 1, 2, 2, 2))
                .isEqualTo(OK);
        assertThat(JCudnn.cudnnSetFilter4dDescriptor(w, FLOAT, NHWC, 2, 2, 1, 1))
                .isEqualTo(OK);
        assertThat(describe(0, 1, 1)).isEqualTo(OK);
        assertThat(JCudnn.cudnnSetConvolutionMathType(convolution, cudnnMathType.CUDNN_FMA_MATH))
                .isEqualTo(OK);
    }

    @AfterEach
    void close() {
        JCudnn.cudnnDestroyConvolutionDescriptor(convolution);
        JCudnn.cudnnDestroyFilterDescriptor(w);
        JCudnn.cudnnDestroyTensorDescriptor(y);
        JCudnn.cudnnDestroyTensorDescriptor(x);
        JCudnn.cudnnDestroy(handle);
        CudaSimulator.setChip(0);
        chip.close();
    }

    private int describe(int padding, int stride, int dilation) {
        return JCudnn.cudnnSetConvolution2dDescriptor(
                convolution,
                padding,
                padding,
                stride,
                stride,
                dilation,
                dilation,
                cudnnConvolutionMode.CUDNN_CROSS_CORRELATION,
                FLOAT);
    }

    private static Pointer host(float value) {
        return Pointer.to(new float[] {value});
    }

    private int forward(int algorithm, CUdeviceptr input, CUdeviceptr weights, CUdeviceptr output, float beta) {
        return JCudnn.cudnnConvolutionForward(
                handle, host(1), x, input, w, weights, convolution, algorithm, new Pointer(), 0, host(beta), y, output);
    }

    private int forward(int algorithm) {
        return forward(algorithm, floats(new float[64]), floats(new float[64]), floats(new float[64]), 0);
    }

    @Test
    void itConvolves() {
        CUdeviceptr output = floats(1, 1, 1, 1, 1, 1, 1, 1);
        assertThat(forward(GEMM, floats(1, 2, 3, 4, 5, 6, 7, 8), floats(1, 10, 100, 1000), output, 2))
                .isEqualTo(OK);
        assertThat(read(output, 8)).containsExactly(23, 2102, 45, 4302, 67, 6502, 89, 8702);
    }

    @Test
    void theWayBackIsTheGradient() {
        CUdeviceptr output = floats(new float[8]);
        assertThat(JCudnn.cudnnConvolutionBackwardData(
                        handle,
                        host(1),
                        w,
                        floats(1, 10, 100, 1000),
                        y,
                        floats(1, 0, 0, 1, 1, 1, 2, 0),
                        convolution,
                        0,
                        new Pointer(),
                        0,
                        host(0),
                        x,
                        output))
                .isEqualTo(OK);
        assertThat(read(output, 8)).containsExactly(1, 10, 100, 1000, 101, 1010, 2, 20);
    }

    @Test
    void sizesThatDoNotFitAreRefused() {
        assertThat(forward(GEMM)).isEqualTo(OK);
        assertThat(describe(1, 1, 1)).isEqualTo(OK);
        assertThat(forward(GEMM)).as("a result of 4 × 4").isEqualTo(BAD_PARAM);
        assertThat(describe(0, 2, 1)).isEqualTo(OK);
        assertThat(forward(GEMM)).as("a result of 1 × 1").isEqualTo(BAD_PARAM);
        assertThat(describe(-1, 1, 1)).isEqualTo(BAD_PARAM);
        assertThat(describe(0, 0, 1)).isEqualTo(BAD_PARAM);
        assertThat(describe(0, 1, 0)).isEqualTo(BAD_PARAM);
        assertThat(describe(0, 1, 1)).isEqualTo(OK);
        JCudnn.cudnnSetFilter4dDescriptor(w, FLOAT, NHWC, 2, 1, 1, 1);
        assertThat(forward(GEMM)).as("one channel of two").isEqualTo(BAD_PARAM);
        JCudnn.cudnnSetConvolutionGroupCount(convolution, 2);
        assertThat(forward(GEMM)).as("two groups of one").isEqualTo(OK);
        assertThat(JCudnn.cudnnSetConvolutionGroupCount(convolution, 0)).isEqualTo(BAD_PARAM);
        JCudnn.cudnnSetFilter4dDescriptor(w, FLOAT, NHWC, 2, 1, 3, 3);
        assertThat(forward(GEMM)).as("a filter larger than the picture").isEqualTo(BAD_PARAM);
        assertThat(JCudnn.cudnnSetFilter4dDescriptor(w, FLOAT, NHWC, 0, 1, 3, 3))
                .isEqualTo(BAD_PARAM);
    }

    @Test
    void formatsAndTypesThatDoNotFitAreRefused() {
        JCudnn.cudnnSetFilter4dDescriptor(w, FLOAT, NCHW, 2, 2, 1, 1);
        assertThat(forward(GEMM)).as("filters of another format").isEqualTo(NOT_SUPPORTED);
        JCudnn.cudnnSetFilter4dDescriptor(w, FLOAT, NHWC, 2, 2, 1, 1);
        JCudnn.cudnnSetTensor4dDescriptor(x, NCHW, FLOAT, 1, 2, 2, 2);
        assertThat(forward(GEMM)).as("pictures of another format").isEqualTo(NOT_SUPPORTED);
        JCudnn.cudnnSetTensor4dDescriptor(x, NHWC, cudnnDataType.CUDNN_DATA_HALF, 1, 2, 2, 2);
        assertThat(forward(GEMM)).as("pictures of another type").isEqualTo(BAD_PARAM);
        int bfloat = cudnnDataType.CUDNN_DATA_BFLOAT16;
        JCudnn.cudnnSetTensor4dDescriptor(x, NHWC, bfloat, 1, 2, 2, 2);
        JCudnn.cudnnSetTensor4dDescriptor(y, NHWC, bfloat, 1, 2, 2, 2);
        JCudnn.cudnnSetFilter4dDescriptor(w, bfloat, NHWC, 2, 2, 1, 1);
        assertThat(forward(GEMM)).as("bfloat16 on Hopper").isEqualTo(OK);
        CudaSimulator.setChip(75);
        assertThat(forward(GEMM)).as("bfloat16 on Turing").isEqualTo(NOT_SUPPORTED);
    }

    @Test
    void descriptorsThatDoNotFitEachOtherAreRefused() {
        JCudnn.cudnnSetTensor4dDescriptor(y, NHWC, FLOAT, 2, 2, 2, 2);
        assertThat(forward(GEMM)).as("two pictures from one").isEqualTo(BAD_PARAM);
        JCudnn.cudnnSetTensor4dDescriptor(y, NHWC, FLOAT, 1, 3, 2, 2);
        assertThat(forward(GEMM)).as("three channels of two filters").isEqualTo(BAD_PARAM);
        JCudnn.cudnnSetFilter4dDescriptor(w, FLOAT, NHWC, 3, 1, 1, 1);
        JCudnn.cudnnSetConvolutionGroupCount(convolution, 2);
        assertThat(forward(GEMM)).as("three filters in two groups").isEqualTo(BAD_PARAM);
        cudnnConvolutionDescriptor fresh = new cudnnConvolutionDescriptor();
        assertThat(JCudnn.cudnnCreateConvolutionDescriptor(fresh)).isEqualTo(OK);
        CUdeviceptr memory = floats(new float[64]);
        assertThat(JCudnn.cudnnConvolutionForward(
                        handle, host(1), x, memory, w, memory, fresh, GEMM, new Pointer(), 0, host(0), y, memory))
                .as("a convolution that was never described")
                .isEqualTo(BAD_PARAM);
        assertThat(JCudnn.cudnnDestroyConvolutionDescriptor(fresh)).isEqualTo(OK);
        assertThat(JCudnn.cudnnDestroyConvolutionDescriptor(fresh)).as("twice").isEqualTo(BAD_PARAM);
    }

    @Test
    void factorsAndMemoryThatDoNotFitAreRefused() {
        CUdeviceptr memory = floats(new float[64]);
        CUdeviceptr nothing = new CUdeviceptr();
        assertThat(forward(GEMM, nothing, memory, memory, 0)).as("no pictures").isEqualTo(BAD_PARAM);
        assertThat(forward(GEMM, memory, nothing, memory, 0)).as("no filters").isEqualTo(BAD_PARAM);
        assertThat(forward(GEMM, memory, memory, nothing, 0)).as("no result").isEqualTo(BAD_PARAM);
        assertThat(JCudnn.cudnnConvolutionForward(
                        handle, memory, x, memory, w, memory, convolution, GEMM, new Pointer(), 0, host(0), y, memory))
                .as("a factor on the device, where nobody reads it")
                .isEqualTo(BAD_PARAM);
    }

    @Test
    void algorithmsThatDoNotFitAreRefused() {
        assertThat(forward(cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_FFT))
                .isEqualTo(NOT_SUPPORTED);
        assertThat(forward(cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD))
                .isEqualTo(NOT_SUPPORTED);
        assertThat(forward(PRECOMPUTED)).as("without its workspace").isEqualTo(BAD_PARAM);
    }

    /** The search puts the quickest first, which on the way back is one whose sums have no order. */
    @Test
    void theQuickestWayBackIsNotDeterministic() {
        cudnnConvolutionBwdDataAlgoPerf[] found = {
            new cudnnConvolutionBwdDataAlgoPerf(), new cudnnConvolutionBwdDataAlgoPerf()
        };
        int[] count = new int[1];
        assertThat(JCudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, w, y, convolution, x, 2, count, found))
                .isEqualTo(OK);
        assertThat(count[0]).isEqualTo(2);
        assertThat(found[0].determinism).isEqualTo(cudnnDeterminism.CUDNN_NON_DETERMINISTIC);
        assertThat(found[1].determinism).isEqualTo(cudnnDeterminism.CUDNN_DETERMINISTIC);
    }
}
