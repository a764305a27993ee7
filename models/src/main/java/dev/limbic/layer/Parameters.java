package dev.limbic.layer;

import dev.limbic.ops.BatchNorm;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.WeightView;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where layers get their parameters: named tensors of a file, below a prefix, on their way to a device.
 *
 * @param view the file's tensors below the current prefix
 * @param weights the device's set that receives them
 * @param precision of products and of the tensors between them
 */
public record Parameters(WeightView view, Weights weights, Precision precision) {
    /** The parameters below {@code name}. */
    public Parameters sub(String name) {
        return new Parameters(view.sub(name), weights, precision);
    }

    /** The parameters below {@code name}, or these where there are none: a model that was saved without its head. */
    public Parameters subOrSelf(String name) {
        return view.hasBelow(name) ? sub(name) : this;
    }

    /** The same, with products in f32: for the few last rows whose numbers clients see. */
    public Parameters exact() {
        return new Parameters(view, weights, Precision.F32);
    }

    /** {@code name.weight} [out, in] and {@code name.bias} [out]. */
    public Linear linear(String name, int out, int in) {
        return stacked(out, in, name);
    }

    /** Several layers of one input side by side, each {@code name.weight} [out, in] and {@code name.bias} [out]. */
    public Linear stacked(int out, int in, String... names) {
        List<HostTensor> matrices = new ArrayList<>();
        List<HostTensor> biases = new ArrayList<>();
        for (String name : names) {
            matrices.add(view.tensor(name + ".weight", out, in));
            biases.add(view.tensor(name + ".bias", out));
        }
        return weights.linear(matrices, biases, precision);
    }

    /** GPT-2's way of storing a layer: {@code name.weight} [in, out] and {@code name.bias} [out]. */
    public Linear turned(String name, int out, int in) {
        return turned(name, out, in, 0, 1);
    }

    /** The same, with its first {@code scaled} columns of output multiplied by a factor. */
    public Linear turned(String name, int out, int in, int scaled, double factor) {
        float[] turned =
                HostTensor.transposed(view.tensor(name + ".weight", in, out).toFloats(), 1, in, out);
        float[] bias = view.tensor(name + ".bias", out).toFloats();
        for (int i = 0; i < scaled * in; i++) {
            turned[i] *= (float) factor;
        }
        for (int o = 0; o < scaled; o++) {
            bias[o] *= (float) factor;
        }
        return weights.linear(HostTensor.of(Shape.of(out, in), turned), HostTensor.of(Shape.of(out), bias), precision);
    }

    /** Several layers of one input side by side, {@code name.weight} [outs[i], in], with or without biases. */
    public Linear sideBySide(int in, boolean bias, List<String> names, int[] outs) {
        List<HostTensor> matrices = new ArrayList<>();
        List<HostTensor> biases = new ArrayList<>();
        for (int i = 0; i < outs.length; i++) {
            matrices.add(view.tensor(names.get(i) + ".weight", outs[i], in));
            if (bias) {
                biases.add(view.tensor(names.get(i) + ".bias", outs[i]));
            }
        }
        return weights.linear(matrices, biases, precision);
    }

    /** {@code name.weight}, the gain of a root-mean-square norm, f32 [h]. */
    public Tensor gain(String name, int h) {
        return weights.tensor(view.tensor(name + ".weight", h), DType.F32);
    }

    /** {@code name.weight} [out, in] without a bias. */
    public Linear projection(String name, int out, int in) {
        return weights.linear(view.tensor(name + ".weight", out, in), null, precision);
    }

    /** {@code name.weight} and {@code name.bias}, [h] each; TensorFlow called them {@code gamma} and {@code beta}. */
    public Norm norm(String name, int h, double epsilon) {
        boolean older = view.has(name + ".gamma") && !view.has(name + ".weight");
        return new Norm(
                weights.tensor(view.tensor(name + (older ? ".gamma" : ".weight"), h), DType.F32),
                weights.tensor(view.tensor(name + (older ? ".beta" : ".bias"), h), DType.F32),
                (float) epsilon);
    }

    /** An embedding table, {@code name.weight} [v, h], in the type of the tensors between products. */
    public Tensor table(String name, int v, int h) {
        return weights.tensor(view.tensor(name + ".weight", v, h), precision.activations());
    }

    /**
     * A table with one row of another added to each of its rows: what two lookups sum to when the second is always
     * the same row, such as that of token type 0.
     *
     * @param rows of the other table, [rows, h]
     * @param row of them that is added
     */
    public Tensor tablePlusRow(String name, int v, String constant, int rows, int row, int h) {
        float[] sum = view.tensor(name + ".weight", v, h).toFloats();
        float[] added = view.tensor(constant + ".weight", rows, h).toFloats();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += added[row * h + i % h];
        }
        return weights.tensor(HostTensor.of(Shape.of(v, h), sum), precision.activations());
    }

    /** {@code name.weight} [out, in/groups, h, w] and, if it has one, {@code name.bias} [out]. */
    public Conv2d conv(String name, boolean bias, Conv2d.Kernel kernel, Conv2d.Geometry geometry) {
        HostTensor summand = bias ? view.tensor(name + ".bias", kernel.out()) : null;
        return weights.conv2d(filter(name, kernel, geometry), summand, geometry, precision);
    }

    /** The same without a bias, and the batch norm behind it as part of it. */
    public Conv2d conv(String name, String norm, double epsilon, Conv2d.Kernel kernel, Conv2d.Geometry geometry) {
        int out = kernel.out();
        BatchNorm trained = new BatchNorm(
                view.tensor(norm + ".weight", out),
                view.tensor(norm + ".bias", out),
                view.tensor(norm + ".running_mean", out),
                view.tensor(norm + ".running_var", out),
                epsilon);
        BatchNorm.Folded folded = trained.folded(filter(name, kernel, geometry), null);
        return weights.conv2d(folded.weight(), folded.bias(), geometry, precision);
    }

    /**
     * {@code name.weight} [out, in] and {@code name.bias} [out] of a linear layer as a 1 × 1 convolution, which can add to a
     * residual.
     *
     * @param scale name of factors [out] of the result; null for none
     */
    public Conv2d pointwise(String name, @Nullable String scale, int in, int out) {
        HostTensor weight = view.tensor(name + ".weight", out, in);
        HostTensor bias = view.tensor(name + ".bias", out);
        if (scale != null) {
            HostTensor factors = view.tensor(scale, out);
            weight = rowsTimes(weight, factors);
            bias = rowsTimes(bias, factors);
        }
        HostTensor filter = new HostTensor(weight.dtype(), Shape.of(out, in, 1, 1), weight.data());
        return weights.conv2d(filter, bias, Conv2d.Geometry.of(1, Padding.NONE), precision);
    }

    private static HostTensor rowsTimes(HostTensor rows, HostTensor factors) {
        float[] values = rows.toFloats();
        int each = values.length / Math.toIntExact(factors.shape().elements());
        for (int i = 0; i < values.length; i++) {
            values[i] *= factors.get(i / each);
        }
        return HostTensor.of(rows.shape(), values);
    }

    /** A depthwise convolution that changes nothing: what an activation is applied with where there is no product. */
    public Conv2d byOne(int channels) {
        float[] ones = new float[channels];
        java.util.Arrays.fill(ones, 1);
        Conv2d.Geometry geometry = new Conv2d.Geometry(1, Padding.NONE, 1, channels);
        return weights.conv2d(HostTensor.of(Shape.of(channels, 1, 1, 1), ones), null, geometry, precision);
    }

    private HostTensor filter(String name, Conv2d.Kernel kernel, Conv2d.Geometry geometry) {
        return view.tensor(
                name + ".weight", kernel.out(), kernel.in() / geometry.groups(), kernel.height(), kernel.width());
    }

    /** Numbers that a configuration gives, one a channel, f32 [values.length]. */
    public Tensor constants(float[] values) {
        return weights.tensor(HostTensor.of(Shape.of(values.length), values), DType.F32);
    }
}
