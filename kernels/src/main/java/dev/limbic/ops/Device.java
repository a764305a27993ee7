package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;

/**
 * A place that computes. One thread at a time owns it: whoever loads the weights may hand it to the thread that runs
 * the batches, after which nobody else calls anything but {@link #name}, {@link #supports} and {@link #description}.
 */
public interface Device extends AutoCloseable {
    /** Such as {@code cpu}. */
    String name();

    /** One line for people: what chip, how many threads, which library. */
    String description();

    /** Whether products of this precision run at the chip's own speed; others are emulated or refused. */
    boolean supports(Precision precision);

    Ops ops();

    /** A new, empty set of weights. */
    Weights weights();

    /**
     * A new cache of keys and values, zeroed; the caller closes it before the device.
     *
     * @param dtype f32, bf16 or f16, as far as the device has such activations
     * @throws IllegalArgumentException if a number is not positive or the type is another one
     */
    KvCache kvCache(int layers, int keyHeads, int size, int blockTokens, int blocks, DType dtype);

    /**
     * Memory for the state of streams, zeroed, which lives on from batch to batch; the caller closes it before the device.
     *
     * @param slots streams at a time
     * @param widths columns of each part of a stream's state
     * @throws IllegalArgumentException if a number is not positive
     */
    StatePool states(int slots, List<Integer> widths);

    /** Starts a batch: all scratch tensors of the last one are given up. */
    void beginBatch();

    /** Copies ids to a scratch tensor, i32 [n]. */
    Tensor upload(int[] values);

    /** Copies f32 values to a scratch tensor [rows, columns]. */
    Tensor upload(float[] values, int rows, int columns);

    /** Copies bytes, piece after piece, to a scratch tensor, u8 [rows, columns]. */
    Tensor upload(List<byte[]> pieces, int rows, int columns);

    /** Copies bytes to a scratch tensor, u8 [rows, columns]. */
    default Tensor upload(byte[] bytes, int rows, int columns) {
        return upload(List.of(bytes), rows, columns);
    }

    /**
     * What a batch of an encoder is padded to, so that few extents differ and {@link #replay} finds the work recorded.
     * Padding costs computing, so a device that records nothing wants none.
     */
    default Extent padded(Extent batch) {
        return batch;
    }

    /**
     * Runs work on what was uploaded since the batch began. A device may record what is launched and launch it again
     * the next time, without calling {@code work}.
     *
     * @param key equal keys and extents mean the same launches on tensors of the same shapes
     * @param extent of the batch, as padded
     * @param work calls operations only: no uploads, no downloads
     */
    default Tensor replay(Object key, Extent extent, Supplier<Tensor> work) {
        return work.get();
    }

    /** The same for work on pictures: equal keys and planes mean the same launches on tensors of the same shapes. */
    default Tensor replay(Object key, Planes pictures, Supplier<Tensor> work) {
        return work.get();
    }

    /**
     * The same for work on pictures, of which none depends on another. A device may run it on some of them at a time, on
     * several threads, each with operations of its own.
     *
     * @param x rows of the pictures, uploaded since the batch began
     */
    default Tensor each(Object key, Tensor x, Planes pictures, PictureWork work) {
        return replay(key, pictures, () -> work.run(ops(), x, pictures));
    }

    /** Waits for the result and copies it to the host, widened to f32, row-major. */
    float[] download(Tensor tensor);

    /** Bytes of scratch memory held. */
    long scratchBytes();

    @Override
    void close();
}
