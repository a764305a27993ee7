package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is done to pictures without weights: pooling, resizing, norms, factors, bytes. */
interface PlaneCases {
    Workbench bench();

    private List<Planes> sizes() {
        return List.of(new Planes(1, 1, 1), new Planes(2, 5, 3), new Planes(3, 13, 31), new Planes(1, 33, 17));
    }

    private static double at(Matrix x, Planes planes, int picture, int y, int column, int channel) {
        return x.at((picture * planes.h() + y) * planes.w() + column, channel);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 16, 31, 33, 64})
    default void poolingMatchesTheOracle(int c) {
        List<Pool2d> pools = List.of(
                Pool2d.of(Pooling.MAX, 3, 2, Padding.all(1)),
                Pool2d.of(Pooling.MAX, 1, 1, Padding.NONE),
                Pool2d.of(Pooling.MAX, 2, 2, Padding.SAME),
                Pool2d.of(Pooling.MEAN, 3, 2, Padding.all(1)),
                Pool2d.of(Pooling.MEAN, 5, 3, Padding.SAME),
                new Pool2d(Pooling.MEAN, 3, 3, 1, Padding.all(1), true),
                new Pool2d(Pooling.MEAN, 3, 2, 2, new Padding.Pixels(2, 0, 1, 1), true),
                new Pool2d(Pooling.MAX, 3, 2, 2, new Padding.Pixels(2, 0, 1, 1), false),
                // Windows that devices share out, some of which reach out of the picture.
                new Pool2d(Pooling.MEAN, 9, 9, 4, Padding.all(4), true),
                new Pool2d(Pooling.MEAN, 17, 17, 5, new Padding.Pixels(0, 0, 9, 9), true),
                new Pool2d(Pooling.MEAN, 17, 17, 5, new Padding.Pixels(0, 0, 9, 9), false),
                new Pool2d(Pooling.MAX, 17, 17, 5, new Padding.Pixels(0, 0, 9, 9), false));
        for (DType type : bench().types()) {
            for (Planes planes : sizes()) {
                Matrix x = bench().normal(planes.rows(), c).storedAs(type);
                for (Pool2d pool : pools) {
                    Padding.Pixels p = pool.padding(planes);
                    boolean fits = planes.h() + p.top() + p.bottom() >= pool.height()
                            && planes.w() + p.left() + p.right() >= pool.width();
                    if (fits) {
                        checkPool(type, planes, x, pool);
                    }
                }
                checkPool(type, planes, x, new Pool2d(Pooling.MEAN, planes.h(), planes.w(), 1, Padding.NONE, false));
                checkPool(type, planes, x, new Pool2d(Pooling.MAX, planes.h(), planes.w(), 1, Padding.NONE, false));
            }
        }
    }

    private void checkPool(DType type, Planes planes, Matrix x, Pool2d pool) {
        Planes result = pool.result(planes);
        Padding.Pixels p = pool.padding(planes);
        int c = x.columns();
        double[] expected = new double[result.rows() * c];
        for (int i = 0; i < expected.length; i++) {
            int row = i / c;
            int top = row / result.w() % result.h() * pool.stride() - p.top();
            int left = row % result.w() * pool.stride() - p.left();
            double sum = 0;
            double max = Double.NEGATIVE_INFINITY;
            int count = 0;
            for (int y = Math.max(0, top); y < Math.min(planes.h(), top + pool.height()); y++) {
                for (int xx = Math.max(0, left); xx < Math.min(planes.w(), left + pool.width()); xx++) {
                    double value = at(x, planes, row / result.pixels(), y, xx, i % c);
                    sum += value;
                    max = Math.max(max, value);
                    count++;
                }
            }
            int divisor = pool.countPadding() ? pool.height() * pool.width() : count;
            expected[i] = pool.pooling() == Pooling.MAX ? max : sum / divisor;
        }
        Closeness closeness = pool.pooling() == Pooling.MAX ? new Closeness(0, 0) : Closeness.of(type);
        Tensor y = bench().ops().pictures().pool2d(bench().upload(x, type), planes, pool);
        closeness.check("pool2d " + type + " " + planes + " " + pool, bench().download(y), expected);
        if (result.pixels() == 1 && p.equals(Padding.NONE)) {
            Tensor whole = bench().ops().pictures().globalPool(bench().upload(x, type), planes, pool.pooling());
            closeness.check("globalPool " + type + " " + planes, bench().download(whole), expected);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 33})
    default void adaptiveAverageMatchesTheOracle(int c) {
        for (DType type : bench().types()) {
            for (Planes planes : sizes()) {
                Matrix x = bench().normal(planes.rows(), c).storedAs(type);
                for (int[] size : new int[][] {{1, 1}, {2, 3}, {7, 7}, {5, 1}, {40, 2}}) {
                    Planes result = planes.sized(size[0], size[1]);
                    double[] expected = new double[result.rows() * c];
                    for (int i = 0; i < expected.length; i++) {
                        int row = i / c;
                        int line = row / result.w() % result.h();
                        int column = row % result.w();
                        int count = 0;
                        for (int y = line * planes.h() / result.h();
                                y < Math.ceilDiv((line + 1) * planes.h(), result.h());
                                y++) {
                            for (int xx = column * planes.w() / result.w();
                                    xx < Math.ceilDiv((column + 1) * planes.w(), result.w());
                                    xx++) {
                                expected[i] += at(x, planes, row / result.pixels(), y, xx, i % c);
                                count++;
                            }
                        }
                        expected[i] /= count;
                    }
                    Tensor y =
                            bench().ops().pictures().adaptiveAverage(bench().upload(x, type), planes, size[0], size[1]);
                    Closeness.of(type).check("adaptiveAverage " + type + " " + result, bench().download(y), expected);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 33})
    default void upsamplingMatchesTheOracle(int c) {
        for (DType type : bench().types()) {
            for (Planes planes : sizes()) {
                Matrix x = bench().normal(planes.rows(), c).storedAs(type);
                for (int[] size : new int[][] {{1, 1}, {2, 3}, {7, 7}, {26, 62}, {13, 40}}) {
                    for (Upsampling how : Upsampling.values()) {
                        Planes result = planes.sized(size[0], size[1]);
                        double[] expected = new double[result.rows() * c];
                        for (int i = 0; i < expected.length; i++) {
                            int row = i / c;
                            expected[i] = upsampled(
                                    x,
                                    planes,
                                    result,
                                    row / result.pixels(),
                                    row / result.w() % result.h(),
                                    row % result.w(),
                                    i % c,
                                    how);
                        }
                        Tensor y = bench().ops()
                                .pictures()
                                .upsample(bench().upload(x, type), planes, size[0], size[1], how);
                        Closeness closeness = how == Upsampling.NEAREST ? new Closeness(0, 0) : Closeness.of(type);
                        closeness.check(
                                "upsample " + how + " " + type + " " + planes + " to " + result,
                                bench().download(y),
                                expected);
                    }
                }
            }
        }
    }

    private static double upsampled(
            Matrix x, Planes planes, Planes result, int picture, int line, int column, int channel, Upsampling how) {
        if (how == Upsampling.NEAREST) {
            int y = line * planes.h() / result.h();
            return at(x, planes, picture, y, column * planes.w() / result.w(), channel);
        }
        double y = Math.max(0, (line + 0.5) * planes.h() / result.h() - 0.5);
        double xx = Math.max(0, (column + 0.5) * planes.w() / result.w() - 0.5);
        double sum = 0;
        for (int corner = 0; corner < 4; corner++) {
            int dy = corner / 2;
            int dx = corner % 2;
            double weight = Math.abs(1 - dy - (y - Math.floor(y))) * Math.abs(1 - dx - (xx - Math.floor(xx)));
            sum += weight
                    * at(
                            x,
                            planes,
                            picture,
                            Math.min((int) y + dy, planes.h() - 1),
                            Math.min((int) xx + dx, planes.w() - 1),
                            channel);
        }
        return sum;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 6, 24, 33, 64})
    default void groupNormMatchesTheOracle(int c) {
        Matrix gain = bench().normal(1, c);
        Matrix bias = bench().normal(1, c);
        Norm norm = new Norm(
                bench().weights().tensor(gain.hostVector(), DType.F32),
                bench().weights().tensor(bias.hostVector(), DType.F32),
                1e-3f);
        for (DType type : bench().types()) {
            for (Planes planes : List.of(new Planes(1, 2, 2), new Planes(3, 5, 3), new Planes(2, 31, 17))) {
                Matrix x = bench().normal(planes.rows(), c).storedAs(type);
                for (int groups : new int[] {1, 2, 3, c}) {
                    if (c % groups != 0) {
                        continue;
                    }
                    double[] expected = groupNorm(x, planes, groups, gain, bias);
                    Tensor y = bench().ops().pictures().groupNorm(bench().upload(x, type), planes, groups, norm);
                    Closeness.of(type)
                            .twice()
                            .check(
                                    "groupNorm " + type + " " + planes + " " + groups + " of " + c,
                                    bench().download(y),
                                    expected);
                }
            }
        }
    }

    private static double[] groupNorm(Matrix x, Planes planes, int groups, Matrix gain, Matrix bias) {
        int c = x.columns();
        int width = c / groups;
        double[] y = new double[planes.rows() * c];
        for (int i = 0; i < planes.n() * groups; i++) {
            int first = i / groups * planes.pixels();
            double sum = 0;
            double squares = 0;
            int count = planes.pixels() * width;
            for (int k = 0; k < count; k++) {
                sum += x.at(first + k / width, i % groups * width + k % width);
            }
            for (int k = 0; k < count; k++) {
                double centred = x.at(first + k / width, i % groups * width + k % width) - sum / count;
                squares += centred * centred;
            }
            for (int k = 0; k < count; k++) {
                int channel = i % groups * width + k % width;
                int row = first + k / width;
                y[row * c + channel] =
                        (x.at(row, channel) - sum / count) / Math.sqrt(squares / count + 1e-3f) * gain.values()[channel]
                                + bias.values()[channel];
            }
        }
        return y;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 33, 130})
    default void channelsAreScaled(int c) {
        for (DType type : bench().types()) {
            for (Planes planes : sizes()) {
                Matrix x = bench().normal(planes.rows(), c).storedAs(type);
                Matrix s = bench().normal(planes.n(), c).storedAs(type);
                double[] expected = new double[planes.rows() * c];
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = (double) x.values()[i] * s.at(i / c / planes.pixels(), i % c);
                }
                Tensor y = bench().upload(x, type);
                bench().ops().pictures().scaleChannels(y, planes, bench().upload(s, type));
                Closeness.of(type).check("scaleChannels " + type + " " + planes, bench().download(y), expected);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 17})
    default void bytesAreNormalised(int c) {
        Matrix scale = bench().normal(1, c, 1 / 64.0);
        Matrix offset = bench().normal(1, c);
        Tensor scales = bench().weights().tensor(scale.hostVector(), DType.F32);
        Tensor offsets = bench().weights().tensor(offset.hostVector(), DType.F32);
        for (DType type : bench().types()) {
            for (Planes planes : List.of(new Planes(1, 1, 1), new Planes(3, 7, 13), new Planes(1, 48, 47))) {
                byte[] bytes = new byte[planes.rows() * c];
                bench().random().nextBytes(bytes);
                double[] expected = new double[bytes.length];
                for (int i = 0; i < bytes.length; i++) {
                    expected[i] = (bytes[i] & 0xFF) * (double) scale.values()[i % c] + offset.values()[i % c];
                }
                Tensor x = bench().device().upload(bytes, planes.rows(), c);
                Tensor y = bench().ops().pictures().normalise(x, planes, scales, offsets, type);
                Closeness.of(type).check("normalise " + type + " " + planes, bench().download(y), expected);
            }
        }
    }

    /** Each operation on five pictures together, and on the third alone. */
    @Test
    default void aPictureWithoutCompanyIsTheSame() {
        Planes all = new Planes(5, 17, 19);
        Planes one = new Planes(1, 17, 19);
        Norm norm = new Norm(
                bench().weights().tensor(bench().normal(1, 12).hostVector(), DType.F32),
                bench().weights().tensor(bench().normal(1, 12).hostVector(), DType.F32),
                1e-5f);
        ConvOps ops = bench().ops().pictures();
        for (DType type : bench().types()) {
            Matrix x = bench().normal(all.rows(), 12).storedAs(type);
            Matrix third = x.rows(2 * all.pixels(), 3 * all.pixels());
            List<Function<Planes, Function<Tensor, Tensor>>> operations = List.of(
                    p -> t -> ops.pool2d(t, p, Pool2d.of(Pooling.MEAN, 3, 2, Padding.SAME)),
                    p -> t -> ops.globalPool(t, p, Pooling.MEAN),
                    p -> t -> ops.adaptiveAverage(t, p, 3, 5),
                    p -> t -> ops.upsample(t, p, 23, 31, Upsampling.BILINEAR),
                    p -> t -> ops.groupNorm(t, p, 4, norm));
            for (Function<Planes, Function<Tensor, Tensor>> operation : operations) {
                float[] together = bench().download(operation.apply(all).apply(bench().upload(x, type)));
                float[] alone = bench().download(operation.apply(one).apply(bench().upload(third, type)));
                float[] part = new float[alone.length];
                System.arraycopy(together, 2 * alone.length, part, 0, part.length);
                assertThat(together).hasSize(5 * alone.length);
                Closeness.of(type).twice().checkSame("picture alone", part, alone);
            }
        }
    }
}
