package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A device of which each operation on rows, each attention and each recurrent layer is held to the oracle of its contract
 * as a model calls it: with the model's weights, on the values that the operations before it left.
 *
 * <p>This is how int8 is held to double inside a model. To compare only what comes out in the end says little: eight bits
 * make a difference of some percent there, in which a wrong scale hides. A whole network in double that quantises the same
 * way is no better a judge: where a sum differs in its last bit, a value next to a tie goes the other way, by a whole step,
 * which takes more values over their ties in the next layer, and after a few layers the two round independently of each
 * other. Here every operation begins with the numbers that its oracle begins with, and one tie is all there is to allow.
 *
 * <p>Operations on pictures, samplers and state pools pass unseen.
 */
public final class CheckedDevice implements Device {
    private final Device device;
    private final Witness witness;
    private final Ops ops;

    /** Closes {@code device} with itself. */
    public CheckedDevice(Device device) {
        this.device = device;
        witness = new Witness(device);
        Ops plain = device.ops();
        ops = new Ops(
                new CheckedRows(plain.rows(), witness),
                new CheckedAttention(plain, witness),
                new CheckedRecurrence(plain.recurrence(), witness),
                plain.sampling(),
                plain.pictures(),
                plain.scopes());
    }

    /** How often each operation was compared. */
    public Map<String, Integer> comparisons() {
        return witness.comparisons();
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public String description() {
        return device.description();
    }

    @Override
    public boolean supports(Precision precision) {
        return device.supports(precision);
    }

    @Override
    public Ops ops() {
        return ops;
    }

    @Override
    public Weights weights() {
        return new WitnessedWeights(device.weights());
    }

    private final class WitnessedWeights implements Weights {
        private final Weights weights;

        WitnessedWeights(Weights weights) {
            this.weights = weights;
        }

        @Override
        public Tensor tensor(HostTensor host, DType dtype) {
            return weights.tensor(host, dtype);
        }

        @Override
        public Linear linear(List<HostTensor> weight, List<HostTensor> bias, Precision precision) {
            Linear layer = weights.linear(weight, bias, precision);
            Matrix matrix = new Matrix(layer.out(), layer.in(), HostTensor.stacked(weight));
            return witness.saw(layer, new LinearOracle(precision, matrix, HostTensor.stacked(bias)));
        }

        @Override
        public Conv2d conv2d(
                HostTensor weight, @Nullable HostTensor bias, Conv2d.Geometry geometry, Precision precision) {
            return weights.conv2d(weight, bias, geometry, precision);
        }

        @Override
        public ConvTranspose2d convTranspose2d(
                HostTensor weight, @Nullable HostTensor bias, ConvTranspose2d.Geometry geometry, Precision precision) {
            return weights.convTranspose2d(weight, bias, geometry, precision);
        }

        @Override
        public Recurrent recurrent(Recurrent.Cell cell, List<Direction> directions, Precision precision) {
            Recurrent layer = weights.recurrent(cell, directions, precision);
            return witness.saw(
                    layer,
                    new RecurrentOracle(
                            cell,
                            precision,
                            layer.hidden(),
                            directions.stream()
                                    .map(RecurrentOracle.Parameters::of)
                                    .toList()));
        }

        @Override
        public void close() {
            weights.close();
        }
    }

    @Override
    public KvCache kvCache(int layers, int keyHeads, int size, int blockTokens, int blocks, DType dtype) {
        return device.kvCache(layers, keyHeads, size, blockTokens, blocks, dtype);
    }

    @Override
    public StatePool states(int slots, List<Integer> widths) {
        return device.states(slots, widths);
    }

    @Override
    public void beginBatch() {
        device.beginBatch();
        witness.beginBatch();
    }

    @Override
    public Tensor upload(int[] values) {
        return witness.saw(device.upload(values), values);
    }

    @Override
    public Tensor upload(float[] values, int rows, int columns) {
        return device.upload(values, rows, columns);
    }

    @Override
    public Tensor upload(List<byte[]> pieces, int rows, int columns) {
        return device.upload(pieces, rows, columns);
    }

    @Override
    public Extent padded(Extent batch) {
        return device.padded(batch);
    }

    @Override
    public Tensor replay(Object key, Extent extent, Supplier<Tensor> work) {
        return work.get(); // what is only launched again cannot be looked at
    }

    @Override
    public float[] download(Tensor tensor) {
        return device.download(tensor);
    }

    @Override
    public long scratchBytes() {
        return device.scratchBytes();
    }

    @Override
    public void close() {
        device.close();
    }
}
