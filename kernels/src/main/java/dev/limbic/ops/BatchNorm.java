package dev.limbic.ops;

import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import org.jspecify.annotations.Nullable;

/**
 * A batch norm as it was trained: y = (x − mean)/√(variance + ε)·gain + bias, channel by channel. When a model is served it
 * is a factor and a summand of each channel, and disappears into the convolution before it.
 *
 * @param gain [O]
 * @param bias [O]
 * @param mean running mean [O]
 * @param variance running variance [O]
 */
public record BatchNorm(HostTensor gain, HostTensor bias, HostTensor mean, HostTensor variance, double epsilon) {
    public BatchNorm {
        long channels = gain.shape().elements();
        for (HostTensor t : new HostTensor[] {bias, mean, variance}) {
            if (t.shape().elements() != channels) {
                throw new IllegalArgumentException("batch norm: [" + channels + "] expected, found " + t.shape());
            }
        }
    }

    /** Weights and bias of a layer. */
    public record Folded(HostTensor weight, HostTensor bias) {}

    /**
     * The layer and this norm behind it as one layer, computed in f64.
     *
     * @param weight [O, …]: of a convolution or a linear layer, not of a transposed convolution
     * @param layerBias [O]
     */
    public Folded folded(HostTensor weight, @Nullable HostTensor layerBias) {
        int channels = weight.shape().dim(0);
        if (gain.shape().elements() != channels
                || (layerBias != null && layerBias.shape().elements() != channels)) {
            throw new IllegalArgumentException("batch norm: " + channels + " channels expected, found "
                    + gain.shape().elements());
        }
        float[] values = weight.toFloats();
        float[] shift = new float[channels];
        int per = values.length / Math.max(1, channels);
        for (int o = 0; o < channels; o++) {
            double factor = gain.get(o) / Math.sqrt(variance.get(o) + epsilon);
            for (int i = o * per; i < (o + 1) * per; i++) {
                values[i] = (float) (values[i] * factor);
            }
            double before = layerBias == null ? 0 : layerBias.get(o);
            shift[o] = (float) ((before - mean.get(o)) * factor + bias.get(o));
        }
        return new Folded(HostTensor.of(weight.shape(), values), HostTensor.of(Shape.of(channels), shift));
    }
}
