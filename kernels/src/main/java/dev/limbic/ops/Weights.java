package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The weights of one model on one device, prepared once at start-up: converted, blocked or quantised here so that
 * nothing is per request. Closing gives all of them back. Only the thread that owns the device may call.
 */
public interface Weights extends AutoCloseable {
    /** A plain tensor: embedding table, gain, bias. */
    Tensor tensor(HostTensor host, DType dtype);

    /**
     * A linear layer.
     *
     * @param weight [N, K], as PyTorch stores it; several matrices of equal K are stacked along N
     * @param bias [N] each, empty for none
     */
    Linear linear(List<HostTensor> weight, List<HostTensor> bias, Precision precision);

    /** A linear layer of one matrix [N, K] and an optional bias [N]. */
    default Linear linear(HostTensor weight, @Nullable HostTensor bias, Precision precision) {
        return linear(List.of(weight), bias == null ? List.of() : List.of(bias), precision);
    }

    /**
     * A convolution. {@link BatchNorm#folded} makes a batch norm behind it part of it.
     *
     * @param weight [O, I/groups, kH, kW], as PyTorch stores it
     * @param bias [O]
     */
    Conv2d conv2d(HostTensor weight, @Nullable HostTensor bias, Conv2d.Geometry geometry, Precision precision);

    /**
     * A transposed convolution.
     *
     * @param weight [I, O/groups, kH, kW], as PyTorch stores it
     * @param bias [O]
     */
    ConvTranspose2d convTranspose2d(
            HostTensor weight, @Nullable HostTensor bias, ConvTranspose2d.Geometry geometry, Precision precision);

    /**
     * A recurrent layer.
     *
     * @param directions one or two: forward, then backward
     */
    Recurrent recurrent(Recurrent.Cell cell, List<Direction> directions, Precision precision);

    /**
     * PyTorch's parameters of one direction; G = gates × hidden rows.
     *
     * @param inputWeight [G, K]
     * @param hiddenWeight [G, hidden]
     * @param inputBias [G]
     * @param hiddenBias [G]
     */
    record Direction(HostTensor inputWeight, HostTensor hiddenWeight, HostTensor inputBias, HostTensor hiddenBias) {}

    @Override
    void close();
}
