package dev.limbic.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvOps;
import dev.limbic.ops.ConvTranspose2d;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pool2d;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Upsampling;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A network of convolutions that is recorded and launched again with other pictures gives what it gives directly. */
final class CudaConvGraphsTest {
    private static final Planes PICTURES =
            new Planes(3, 41, 37); // more than a batch of text may have and still be recorded
    private static final int CHANNELS = 3;

    private final Random random = new Random(7);

    /** Convolutions of cuDNN, even and uneven around their pictures, one of ours, a transposed one, and what lies between. */
    private final class Net implements AutoCloseable {
        private final CudaDevice device;
        private final Weights weights;
        private final Tensor scale;
        private final Tensor offset;
        private final Conv2d uneven;
        private final Conv2d depthwise;
        private final Conv2d residual;
        private final ConvTranspose2d larger;
        private final Linear classifier;
        private final Precision precision;
        private final AtomicInteger runs = new AtomicInteger();

        Net(Precision precision, boolean graphs) {
            random.setSeed(7);
            this.precision = precision;
            device = TestDevice.open(graphs);
            weights = device.weights();
            scale = weights.tensor(host(CHANNELS), DType.F32);
            offset = weights.tensor(host(CHANNELS), DType.F32);
            uneven = weights.conv2d(
                    host(8, CHANNELS, 3, 3), host(8), new Conv2d.Geometry(2, Padding.SAME, 1, 1), precision);
            depthwise =
                    weights.conv2d(host(8, 1, 3, 3), host(8), new Conv2d.Geometry(1, Padding.all(1), 1, 8), precision);
            residual =
                    weights.conv2d(host(8, 4, 3, 3), host(8), new Conv2d.Geometry(1, Padding.all(2), 2, 2), precision);
            larger = weights.convTranspose2d(
                    host(8, 5, 2, 2),
                    host(5),
                    new ConvTranspose2d.Geometry(2, new Padding.Pixels(0, 0, 0, 0), 0, 1, 1),
                    precision);
            classifier = weights.linear(host(4, 5), host(4), precision);
        }

        private HostTensor host(int... dims) {
            Shape shape = Shape.of(dims);
            float[] values = new float[(int) shape.elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextFloat() - 0.5f;
            }
            return HostTensor.of(shape, values);
        }

        float[] run(int seed, Planes pictures) {
            byte[] bytes = new byte[pictures.rows() * CHANNELS];
            new Random(seed).nextBytes(bytes);
            device.beginBatch();
            Tensor x = device.upload(bytes, pictures.rows(), CHANNELS);
            return device.download(device.replay(this, pictures, () -> forward(x, pictures)));
        }

        private Tensor forward(Tensor bytes, Planes pictures) {
            runs.incrementAndGet();
            ConvOps ops = device.ops().pictures();
            Tensor pixels = ops.normalise(bytes, pictures, scale, offset, precision.activations());
            Tensor a = ops.conv2d(pixels, pictures, uneven, Activation.RELU);
            Planes half = uneven.result(pictures);
            Tensor b = ops.conv2d(a, half, depthwise, Activation.SILU);
            ops.conv2d(b, half, residual, Activation.NONE, a);
            Tensor c = ops.convTranspose2d(a, half, larger, Activation.LEAKY_RELU);
            Planes whole = larger.result(half);
            Tensor d = ops.upsample(c, whole, 9, 7, Upsampling.BILINEAR);
            Planes small = whole.sized(9, 7);
            Pool2d pool = Pool2d.of(Pooling.MAX, 3, 2, Padding.all(1));
            Tensor e = ops.pool2d(d, small, pool);
            Tensor features = ops.globalPool(e, pool.result(small), Pooling.MEAN);
            return device.ops().rows().linear(features, classifier, Activation.NONE);
        }

        @Override
        public void close() {
            weights.close();
            device.close();
            TestDevice.assertClean();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void otherPicturesThroughARecordedNetwork(Precision precision) {
        Planes one = new Planes(1, PICTURES.h(), PICTURES.w());
        float[][] expected = new float[4][];
        float[] alone;
        try (Net direct = new Net(precision, false)) {
            for (int i = 0; i < expected.length; i++) {
                expected[i] = direct.run(i, PICTURES);
            }
            alone = direct.run(9, one);
            assertThat(direct.runs).as("every time, with graphs off").hasValue(5);
        }
        assertThat(expected[1]).isNotEqualTo(expected[0]);
        try (Net recorded = new Net(precision, true)) {
            for (int i = 0; i < expected.length; i++) {
                assertThat(recorded.run(i, PICTURES)).as("picture %d", i).isEqualTo(expected[i]);
            }
            assertThat(recorded.runs).as("once as it is, once to record").hasValue(2);
            assertThat(recorded.run(9, one)).as("fewer pictures").isEqualTo(alone);
            assertThat(recorded.run(2, PICTURES)).as("many again").isEqualTo(expected[2]);
        }
    }
}
