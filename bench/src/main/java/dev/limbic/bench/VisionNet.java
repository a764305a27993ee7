package dev.limbic.bench;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pool2d;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Networks of known shape with random weights, as steps over pictures, and the list of their convolutions. */
final class VisionNet {
    /** One convolution of square pictures. */
    record Layer(int in, int size, int out, int kernel, int stride, int padding, int groups) {
        int result() {
            return (size + 2 * padding - kernel) / stride + 1;
        }
    }

    /** Pictures on their way. */
    record Pictures(Tensor x, Planes planes) {}

    private interface Step {
        Pictures run(Ops ops, Pictures in);
    }

    private final String name;
    private final int size;
    private final int channels;
    private final Weights weights;
    private final Precision precision;
    private final Random random = new Random(1);
    private final List<Layer> layers = new ArrayList<>();
    private Step steps = (ops, in) -> in;

    /** Side and channels of the pictures where the network is built so far. */
    private int side;

    private int width;

    private VisionNet(String name, int size, int channels, Weights weights, Precision precision) {
        this.name = name;
        this.size = size;
        this.channels = channels;
        this.weights = weights;
        this.precision = precision;
        side = size;
        width = channels;
    }

    String name() {
        return name;
    }

    int size() {
        return size;
    }

    int channels() {
        return channels;
    }

    List<Layer> layers() {
        return layers;
    }

    /** Logits, or features. */
    Tensor forward(Ops ops, Tensor x, Planes planes) {
        return steps.run(ops, new Pictures(x, planes)).x();
    }

    private void then(Step step) {
        Step before = steps;
        steps = (ops, in) -> step.run(ops, before.run(ops, in));
    }

    private HostTensor normal(int fan, int... dims) {
        float[] values = new float[Math.toIntExact(Shape.of(dims).elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * Math.sqrt(1.0 / fan));
        }
        return HostTensor.of(Shape.of(dims), values);
    }

    /** A convolution of pictures of {@code size}, with a bias. */
    private Conv2d conv(int in, int from, int out, int kernel, int stride, int padding, int groups) {
        layers.add(new Layer(in, from, out, kernel, stride, padding, groups));
        int fan = in / groups * kernel * kernel;
        return weights.conv2d(
                normal(fan, out, in / groups, kernel, kernel),
                normal(16, out),
                new Conv2d.Geometry(stride, Padding.all(padding), 1, groups),
                precision);
    }

    private static Pictures apply(Ops ops, Pictures in, Conv2d conv, Activation activation, @Nullable Tensor residual) {
        return new Pictures(
                ops.pictures().conv2d(in.x(), in.planes(), conv, activation, residual), conv.result(in.planes()));
    }

    private void conv(int out, int kernel, int stride, int padding, int groups, Activation activation) {
        Conv2d conv = conv(width, side, out, kernel, stride, padding, groups);
        then((ops, in) -> apply(ops, in, conv, activation, null));
        side = layers.getLast().result();
        width = out;
    }

    private void pool(Pooling pooling, int window, int stride, int padding) {
        Pool2d pool = Pool2d.of(pooling, window, stride, Padding.all(padding));
        then((ops, in) -> new Pictures(ops.pictures().pool2d(in.x(), in.planes(), pool), pool.result(in.planes())));
        side = (side + 2 * padding - window) / stride + 1;
    }

    private void head(int labels) {
        Linear linear = weights.linear(normal(width, labels, width), normal(16, labels), precision);
        then((ops, in) -> {
            Tensor mean = ops.pictures().globalPool(in.x(), in.planes(), Pooling.MEAN);
            return new Pictures(
                    ops.rows().linear(mean, linear, Activation.NONE),
                    in.planes().sized(1, 1));
        });
    }

    static VisionNet resNet50(Weights weights, Precision precision) {
        VisionNet net = new VisionNet("ResNet-50", 224, 3, weights, precision);
        net.conv(64, 7, 2, 3, 1, Activation.RELU);
        net.pool(Pooling.MAX, 3, 2, 1);
        int[] blocks = {3, 4, 6, 3};
        for (int stage = 0; stage < blocks.length; stage++) {
            for (int block = 0; block < blocks[stage]; block++) {
                net.bottleneck(64 << stage, stage > 0 && block == 0 ? 2 : 1, block == 0);
            }
        }
        net.head(1000);
        return net;
    }

    private void bottleneck(int inner, int stride, boolean first) {
        int out = 4 * inner;
        int small = side / stride;
        Conv2d reduce = conv(width, side, inner, 1, 1, 0, 1);
        Conv2d spatial = conv(inner, side, inner, 3, stride, 1, 1);
        Conv2d expand = conv(inner, small, out, 1, 1, 0, 1);
        Conv2d shortcut = first ? conv(width, side, out, 1, stride, 0, 1) : null;
        then((ops, in) -> {
            Pictures h = apply(ops, in, reduce, Activation.RELU, null);
            h = apply(ops, h, spatial, Activation.RELU, null);
            Tensor residual = shortcut == null
                    ? in.x()
                    : apply(ops, in, shortcut, Activation.NONE, null).x();
            return apply(ops, h, expand, Activation.RELU, residual);
        });
        side = small;
        width = out;
    }

    static VisionNet efficientNetB0(Weights weights, Precision precision) {
        VisionNet net = new VisionNet("EfficientNet-B0", 224, 3, weights, precision);
        net.conv(32, 3, 2, 1, 1, Activation.SILU);
        int[][] stages = {
            {1, 16, 1, 3, 1},
            {6, 24, 2, 3, 2},
            {6, 40, 2, 5, 2},
            {6, 80, 3, 3, 2},
            {6, 112, 3, 5, 1},
            {6, 192, 4, 5, 2},
            {6, 320, 1, 3, 1}
        };
        for (int[] s : stages) {
            for (int block = 0; block < s[2]; block++) {
                net.invertedBottleneck(s[0], s[1], s[3], block == 0 ? s[4] : 1);
            }
        }
        net.conv(1280, 1, 1, 0, 1, Activation.SILU);
        net.head(1000);
        return net;
    }

    private void invertedBottleneck(int expansion, int out, int kernel, int stride) {
        int inner = expansion * width;
        int squeezed = Math.max(1, width / 4);
        Conv2d expand = expansion == 1 ? null : conv(width, side, inner, 1, 1, 0, 1);
        Conv2d spatial = conv(inner, side, inner, kernel, stride, kernel / 2, inner);
        int small = layers.getLast().result();
        Conv2d squeeze = conv(inner, 1, squeezed, 1, 1, 0, 1);
        Conv2d excite = conv(squeezed, 1, inner, 1, 1, 0, 1);
        Conv2d project = conv(inner, small, out, 1, 1, 0, 1);
        boolean residual = stride == 1 && out == width;
        then((ops, in) -> {
            Pictures h = expand == null ? in : apply(ops, in, expand, Activation.SILU, null);
            h = apply(ops, h, spatial, Activation.SILU, null);
            Tensor mean = ops.pictures().globalPool(h.x(), h.planes(), Pooling.MEAN);
            Pictures gate = new Pictures(mean, h.planes().sized(1, 1));
            gate = apply(ops, apply(ops, gate, squeeze, Activation.SILU, null), excite, Activation.SIGMOID, null);
            ops.pictures().scaleChannels(h.x(), h.planes(), gate.x());
            return apply(ops, h, project, Activation.NONE, residual ? in.x() : null);
        });
        side = small;
        width = out;
    }

    static VisionNet miniXception(Weights weights, Precision precision) {
        VisionNet net = new VisionNet("mini-Xception", 64, 1, weights, precision);
        net.conv(8, 3, 1, 0, 1, Activation.RELU);
        net.conv(8, 3, 1, 0, 1, Activation.RELU);
        for (int out = 16; out <= 128; out *= 2) {
            net.separable(out);
        }
        net.conv(7, 3, 1, 1, 1, Activation.NONE);
        net.then((ops, in) -> new Pictures(ops.pictures().globalPool(in.x(), in.planes(), Pooling.MEAN), in.planes()));
        return net;
    }

    private static Pictures separated(Ops ops, Pictures in, Conv2d depth, Conv2d point, Activation activation) {
        return new Pictures(
                ops.pictures().conv2d(in.x(), in.planes(), depth, Activation.NONE, point, activation, null),
                depth.result(in.planes()));
    }

    private void separable(int out) {
        Conv2d shortcut = conv(width, side, out, 1, 2, 0, 1);
        Conv2d depth1 = conv(width, side, width, 3, 1, 1, width);
        Conv2d point1 = conv(width, side, out, 1, 1, 0, 1);
        Conv2d depth2 = conv(out, side, out, 3, 1, 1, out);
        Conv2d point2 = conv(out, side, out, 1, 1, 0, 1);
        Pool2d pool = Pool2d.of(Pooling.MAX, 3, 2, Padding.all(1));
        then((ops, in) -> {
            Pictures h = separated(ops, in, depth1, point1, Activation.RELU);
            h = separated(ops, h, depth2, point2, Activation.NONE);
            Tensor y = ops.pictures().pool2d(h.x(), h.planes(), pool);
            return apply(ops, in, shortcut, Activation.NONE, y);
        });
        side = (side + 1) / 2;
        width = out;
    }
}
