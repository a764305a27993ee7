package dev.limbic.ops.cuda;

import dev.limbic.ops.Precision;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnDirectionMode;
import jcuda.jcudnn.cudnnDropoutDescriptor;
import jcuda.jcudnn.cudnnForwardMode;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnRNNAlgo;
import jcuda.jcudnn.cudnnRNNBiasMode;
import jcuda.jcudnn.cudnnRNNDataDescriptor;
import jcuda.jcudnn.cudnnRNNDataLayout;
import jcuda.jcudnn.cudnnRNNDescriptor;
import jcuda.jcudnn.cudnnRNNInputMode;
import jcuda.jcudnn.cudnnRNNMode;
import jcuda.jcudnn.cudnnTensorDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * One recurrent layer in cuDNN's hands. Its gates are PyTorch's, in PyTorch's order; its rows are packed: the first rows
 * of all sequences, longest sequence first, then the second rows of those that have one, and so on.
 */
final class CudaRecurrent implements Recurrent, AutoCloseable {
    private static final long BF16_SINCE = 91300;

    private final CudaContext context;
    private final Cell cell;
    private final int in;
    private final int hidden;
    private final int directions;
    private final Precision precision;
    private final Precision computes;
    private final cudnnRNNDescriptor layer = new cudnnRNNDescriptor();
    private final cudnnRNNDataDescriptor input = new cudnnRNNDataDescriptor();
    private final cudnnRNNDataDescriptor output = new cudnnRNNDataDescriptor();
    private final cudnnTensorDescriptor state = new cudnnTensorDescriptor();
    private final Deque<Runnable> release = new ArrayDeque<>();
    private final long weightBytes;
    private final long weights;

    CudaRecurrent(
            CudaContext context,
            DeviceMemory memory,
            Cell cell,
            int in,
            int hidden,
            int directions,
            Precision precision) {
        this.context = context;
        this.cell = cell;
        this.in = in;
        this.hidden = hidden;
        this.directions = directions;
        this.precision = precision;
        // Before that version cuDNN has no recurrent layers of bf16.
        this.computes =
                precision == Precision.BF16 && JCudnn.cudnnGetVersion() < BF16_SINCE ? Precision.F32 : precision;
        try {
            describe();
            long[] bytes = new long[1];
            Check.cudnn(JCudnn.cudnnGetRNNWeightSpaceSize(context.cudnn, layer, bytes), "cudnnGetRNNWeightSpaceSize");
            weightBytes = bytes[0];
            long block = memory.allocate(weightBytes);
            weights = block;
            release.push(() -> memory.free(block));
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    private void describe() {
        cudnnDropoutDescriptor dropout = new cudnnDropoutDescriptor();
        Check.cudnn(JCudnn.cudnnCreateDropoutDescriptor(dropout), "cudnnCreateDropoutDescriptor");
        release.push(() -> JCudnn.cudnnDestroyDropoutDescriptor(dropout));
        Check.cudnn(
                JCudnn.cudnnSetDropoutDescriptor(dropout, context.cudnn, 0, new Pointer(), 0, 0),
                "cudnnSetDropoutDescriptor");
        Check.cudnn(JCudnn.cudnnCreateRNNDescriptor(layer), "cudnnCreateRNNDescriptor");
        release.push(() -> JCudnn.cudnnDestroyRNNDescriptor(layer));
        Check.cudnn(
                JCudnn.cudnnSetRNNDescriptor_v8(
                        layer,
                        cudnnRNNAlgo.CUDNN_RNN_ALGO_STANDARD,
                        cell == Cell.LSTM ? cudnnRNNMode.CUDNN_LSTM : cudnnRNNMode.CUDNN_GRU,
                        cudnnRNNBiasMode.CUDNN_RNN_DOUBLE_BIAS,
                        directions == 2
                                ? cudnnDirectionMode.CUDNN_BIDIRECTIONAL
                                : cudnnDirectionMode.CUDNN_UNIDIRECTIONAL,
                        cudnnRNNInputMode.CUDNN_LINEAR_INPUT,
                        dataType(),
                        cudnnDataType.CUDNN_DATA_FLOAT,
                        computes == Precision.F32 ? cudnnMathType.CUDNN_FMA_MATH : cudnnMathType.CUDNN_TENSOR_OP_MATH,
                        in,
                        hidden,
                        hidden,
                        1,
                        dropout,
                        0),
                "cudnnSetRNNDescriptor_v8 of " + cell + " " + precision);
        for (cudnnRNNDataDescriptor data : List.of(input, output)) {
            Check.cudnn(JCudnn.cudnnCreateRNNDataDescriptor(data), "cudnnCreateRNNDataDescriptor");
            release.push(() -> JCudnn.cudnnDestroyRNNDataDescriptor(data));
        }
        Check.cudnn(JCudnn.cudnnCreateTensorDescriptor(state), "cudnnCreateTensorDescriptor");
        release.push(() -> JCudnn.cudnnDestroyTensorDescriptor(state));
    }

    private int dataType() {
        return switch (computes) {
            case F32 -> cudnnDataType.CUDNN_DATA_FLOAT;
            case F16 -> cudnnDataType.CUDNN_DATA_HALF;
            case BF16 -> cudnnDataType.CUDNN_DATA_BFLOAT16;
            case INT8 -> throw new IllegalArgumentException("no recurrent layer of int8");
        };
    }

    /** Copies values to device memory as a type. */
    interface Upload {
        void copy(float[] values, DType type, long address);
    }

    /** Fills the weights: cuDNN says where each gate's matrix and bias lie. */
    void load(List<Weights.Direction> parameters, Upload upload) {
        cudnnTensorDescriptor matrix = new cudnnTensorDescriptor();
        cudnnTensorDescriptor vector = new cudnnTensorDescriptor();
        Check.cudnn(JCudnn.cudnnCreateTensorDescriptor(matrix), "cudnnCreateTensorDescriptor");
        Check.cudnn(JCudnn.cudnnCreateTensorDescriptor(vector), "cudnnCreateTensorDescriptor");
        try {
            for (int direction = 0; direction < directions; direction++) {
                Weights.Direction p = parameters.get(direction);
                float[][] matrices = {
                    p.inputWeight().toFloats(), p.hiddenWeight().toFloats()
                };
                float[][] biases = {p.inputBias().toFloats(), p.hiddenBias().toFloats()};
                int[] widths = {in, hidden};
                for (int gate = 0; gate < 2 * cell.gates(); gate++) {
                    int side = gate / cell.gates();
                    int row = gate % cell.gates() * hidden;
                    Address.Result matrixAt = new Address.Result();
                    Address.Result biasAt = new Address.Result();
                    Check.cudnn(
                            JCudnn.cudnnGetRNNWeightParams(
                                    context.cudnn,
                                    layer,
                                    direction,
                                    weightBytes,
                                    Address.pointer(weights),
                                    gate,
                                    matrix,
                                    matrixAt,
                                    vector,
                                    biasAt),
                            "cudnnGetRNNWeightParams");
                    int width = widths[side];
                    float[] values = Arrays.copyOfRange(matrices[side], row * width, (row + hidden) * width);
                    upload.copy(values, computes.activations(), matrixAt.address());
                    float[] bias = Arrays.copyOfRange(biases[side], row, row + hidden);
                    upload.copy(bias, computes.activations(), biasAt.address());
                }
            }
        } finally {
            JCudnn.cudnnDestroyTensorDescriptor(matrix);
            JCudnn.cudnnDestroyTensorDescriptor(vector);
        }
    }

    /** Hidden states and cells of packed sequences, [D·B, H] with directions one after the other; null where none are. */
    record PackedState(@Nullable Tensor hidden, @Nullable Tensor cell) {}

    private static Pointer pointer(@Nullable Tensor tensor) {
        return tensor == null ? new Pointer() : Address.pointer(tensor.address());
    }

    /** Takes scratch memory. */
    interface Scratch {
        long allocate(long bytes);
    }

    /**
     * Runs the layer over packed rows.
     *
     * @param x packed, [T, K]
     * @param lengths of the sequences, falling, on the host and on the device
     * @param y packed, [T, D·H]
     * @param from state before the first rows
     * @param to state after the last rows
     */
    void forward(
            Tensor x,
            int[] lengths,
            Tensor deviceLengths,
            Tensor y,
            PackedState from,
            PackedState to,
            Scratch scratch) {
        describe(input, lengths, in);
        describe(output, lengths, directions * hidden);
        int count = lengths.length;
        Check.cudnn(
                JCudnn.cudnnSetTensorNdDescriptor(
                        state, dataType(), 3, new int[] {directions, count, hidden}, new int[] {
                            count * hidden, hidden, 1
                        }),
                "cudnnSetTensorNdDescriptor");
        long[] work = new long[1];
        long[] reserve = new long[1];
        Check.cudnn(
                JCudnn.cudnnGetRNNTempSpaceSizes(
                        context.cudnn, layer, cudnnForwardMode.CUDNN_FWD_MODE_INFERENCE, input, work, reserve),
                "cudnnGetRNNTempSpaceSizes");
        Pointer none = new Pointer();
        Check.cudnn(
                JCudnn.cudnnRNNForward(
                        context.cudnn,
                        layer,
                        cudnnForwardMode.CUDNN_FWD_MODE_INFERENCE,
                        Address.pointer(deviceLengths.address()),
                        input,
                        Address.pointer(x.address()),
                        output,
                        Address.pointer(y.address()),
                        state,
                        pointer(from.hidden()),
                        pointer(to.hidden()),
                        state,
                        pointer(from.cell()),
                        pointer(to.cell()),
                        weightBytes,
                        Address.pointer(weights),
                        work[0],
                        work[0] == 0 ? none : Address.pointer(scratch.allocate(work[0])),
                        0,
                        none),
                "cudnnRNNForward of " + cell + " " + precision);
    }

    private void describe(cudnnRNNDataDescriptor data, int[] lengths, int columns) {
        Check.cudnn(
                JCudnn.cudnnSetRNNDataDescriptor(
                        data,
                        dataType(),
                        cudnnRNNDataLayout.CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED,
                        lengths[0],
                        lengths.length,
                        columns,
                        lengths,
                        new Pointer()),
                "cudnnSetRNNDataDescriptor");
    }

    /** What it was loaded for. */
    Precision precision() {
        return precision;
    }

    /** What its rows and states are kept in, which may be more. */
    Precision computes() {
        return computes;
    }

    @Override
    public Cell cell() {
        return cell;
    }

    @Override
    public int in() {
        return in;
    }

    @Override
    public int hidden() {
        return hidden;
    }

    @Override
    public int directions() {
        return directions;
    }

    @Override
    public void close() {
        while (!release.isEmpty()) {
            release.pop().run();
        }
    }
}
