package dev.limbic.ops.cuda;

import dev.limbic.ops.Conv2d;
import dev.limbic.ops.DeviceException;
import dev.limbic.ops.DeviceException.Kind;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;
import dev.limbic.tensor.Arena;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.stream.Stream;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnDeterminism;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnTensorFormat;

/**
 * One convolution of pictures of one size in cuDNN's hands, or the gradient of one by its input, which is a transposed
 * convolution. Channels last; the algorithm is chosen once. The result has neither bias nor activation: cuDNN fuses a
 * rectifier only, and a bias of the pictures' type, so that a pass of ours follows in either case.
 */
final class CudnnConvolution implements AutoCloseable {
    /** Most scratch memory that an algorithm may want. */
    private static final long WORKSPACE_BYTES = 256L << 20;

    private static final int ASKED = 8;
    private static final Pointer ONE = Pointer.to(new float[] {1});
    private static final Pointer ZERO = Pointer.to(new float[] {0});

    /**
     * @param large the pictures that the convolution looks at, and the transposed one makes
     * @param small the others
     * @param kernel as the convolution sees it: its input are the large pictures
     * @param paddingH above and below
     * @param paddingW left and right
     */
    record Shape(
            Planes large,
            Planes small,
            Conv2d.Kernel kernel,
            int paddingH,
            int paddingW,
            int stride,
            int dilation,
            int groups,
            Precision precision) {}

    private final CudaContext context;
    private final cudnnTensorDescriptor large = new cudnnTensorDescriptor();
    private final cudnnTensorDescriptor small = new cudnnTensorDescriptor();
    private final cudnnFilterDescriptor filter = new cudnnFilterDescriptor();
    private final cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();
    private final Deque<Runnable> release = new ArrayDeque<>();
    private final boolean transposed;
    private int algorithm;
    private long workspace;

    CudnnConvolution(CudaContext context, Shape shape, boolean transposed) {
        this.context = context;
        this.transposed = transposed;
        try {
            describe(shape);
            if (transposed) {
                chooseBackward(shape);
            } else {
                chooseForward(shape);
            }
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    private void describe(Shape shape) {
        int type = switch (shape.precision) {
            case F32 -> cudnnDataType.CUDNN_DATA_FLOAT;
            case F16 -> cudnnDataType.CUDNN_DATA_HALF;
            case BF16 -> cudnnDataType.CUDNN_DATA_BFLOAT16;
            case INT8 -> throw new IllegalArgumentException("no convolution of int8");
        };
        Conv2d.Kernel kernel = shape.kernel;
        describe(large, type, shape.large, kernel.in());
        describe(small, type, shape.small, kernel.out());
        Check.cudnn(JCudnn.cudnnCreateFilterDescriptor(filter), "cudnnCreateFilterDescriptor");
        release.push(() -> JCudnn.cudnnDestroyFilterDescriptor(filter));
        Check.cudnn(
                JCudnn.cudnnSetFilter4dDescriptor(
                        filter,
                        type,
                        cudnnTensorFormat.CUDNN_TENSOR_NHWC,
                        kernel.out(),
                        kernel.in() / shape.groups,
                        kernel.height(),
                        kernel.width()),
                "cudnnSetFilter4dDescriptor of " + shape);
        Check.cudnn(JCudnn.cudnnCreateConvolutionDescriptor(convolution), "cudnnCreateConvolutionDescriptor");
        release.push(() -> JCudnn.cudnnDestroyConvolutionDescriptor(convolution));
        Check.cudnn(
                JCudnn.cudnnSetConvolution2dDescriptor(
                        convolution,
                        shape.paddingH,
                        shape.paddingW,
                        shape.stride,
                        shape.stride,
                        shape.dilation,
                        shape.dilation,
                        cudnnConvolutionMode.CUDNN_CROSS_CORRELATION,
                        cudnnDataType.CUDNN_DATA_FLOAT),
                "cudnnSetConvolution2dDescriptor of " + shape);
        Check.cudnn(JCudnn.cudnnSetConvolutionGroupCount(convolution, shape.groups), "cudnnSetConvolutionGroupCount");
        // Without being told, cuDNN would round f32 to TF32.
        Check.cudnn(
                JCudnn.cudnnSetConvolutionMathType(
                        convolution,
                        shape.precision == Precision.F32
                                ? cudnnMathType.CUDNN_FMA_MATH
                                : cudnnMathType.CUDNN_TENSOR_OP_MATH),
                "cudnnSetConvolutionMathType");
    }

    private void describe(cudnnTensorDescriptor tensor, int type, Planes planes, int channels) {
        Check.cudnn(JCudnn.cudnnCreateTensorDescriptor(tensor), "cudnnCreateTensorDescriptor");
        release.push(() -> JCudnn.cudnnDestroyTensorDescriptor(tensor));
        Check.cudnn(
                JCudnn.cudnnSetTensor4dDescriptor(
                        tensor,
                        cudnnTensorFormat.CUDNN_TENSOR_NHWC,
                        type,
                        planes.n(),
                        channels,
                        planes.h(),
                        planes.w()),
                "cudnnSetTensor4dDescriptor of " + planes + " of " + channels + " channels");
    }

    private void chooseForward(Shape shape) {
        cudnnConvolutionFwdAlgoPerf[] found = Stream.generate(cudnnConvolutionFwdAlgoPerf::new)
                .limit(ASKED)
                .toArray(cudnnConvolutionFwdAlgoPerf[]::new);
        int[] count = new int[1];
        Check.cudnn(
                JCudnn.cudnnGetConvolutionForwardAlgorithm_v7(
                        context.cudnn, large, filter, convolution, small, ASKED, count, found),
                "cudnnGetConvolutionForwardAlgorithm_v7 of " + shape);
        choose(
                Arrays.stream(found, 0, count[0])
                        .map(each -> new Candidate(each.status, each.determinism, each.memory, each.algo)),
                shape);
    }

    private void chooseBackward(Shape shape) {
        cudnnConvolutionBwdDataAlgoPerf[] found = Stream.generate(cudnnConvolutionBwdDataAlgoPerf::new)
                .limit(ASKED)
                .toArray(cudnnConvolutionBwdDataAlgoPerf[]::new);
        int[] count = new int[1];
        Check.cudnn(
                JCudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(
                        context.cudnn, filter, small, convolution, large, ASKED, count, found),
                "cudnnGetConvolutionBackwardDataAlgorithm_v7 of " + shape);
        choose(
                Arrays.stream(found, 0, count[0])
                        .map(each -> new Candidate(each.status, each.determinism, each.memory, each.algo)),
                shape);
    }

    /** What cuDNN says of an algorithm, the fastest first. */
    private record Candidate(int status, int determinism, long memory, int algorithm) {
        boolean isUsable() {
            return status == 0 && determinism == cudnnDeterminism.CUDNN_DETERMINISTIC && memory <= WORKSPACE_BYTES;
        }
    }

    private void choose(Stream<Candidate> candidates, Shape shape) {
        Candidate first = candidates
                .filter(Candidate::isUsable)
                .findFirst()
                .orElseThrow(
                        () -> new DeviceException(Kind.REFUSED, "cuDNN has no deterministic algorithm for " + shape));
        algorithm = first.algorithm;
        workspace = first.memory;
    }

    /**
     * Launches it.
     *
     * @param weights [out, kernelH, kernelW, in/groups]
     */
    void run(long x, long weights, long y, Arena scratch) {
        Pointer work = workspace == 0 ? new Pointer() : Address.pointer(scratch.allocate(workspace));
        if (transposed) {
            Check.cudnn(
                    JCudnn.cudnnConvolutionBackwardData(
                            context.cudnn,
                            ONE,
                            filter,
                            Address.pointer(weights),
                            small,
                            Address.pointer(x),
                            convolution,
                            algorithm,
                            work,
                            workspace,
                            ZERO,
                            large,
                            Address.pointer(y)),
                    "cudnnConvolutionBackwardData");
        } else {
            Check.cudnn(
                    JCudnn.cudnnConvolutionForward(
                            context.cudnn,
                            ONE,
                            large,
                            Address.pointer(x),
                            filter,
                            Address.pointer(weights),
                            convolution,
                            algorithm,
                            work,
                            workspace,
                            ZERO,
                            small,
                            Address.pointer(y)),
                    "cudnnConvolutionForward");
        }
    }

    @Override
    public void close() {
        while (!release.isEmpty()) {
            release.pop().run();
        }
    }
}
