package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.greater;
import static dev.limbic.ops.cpu.VectorMath.load;

import dev.limbic.tensor.DType;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Kernels over pixels, channels last. Each takes a block of pixels: rows of {@code width} pixels that lie {@code rowBytes}
 * apart, each of {@code n} channels.
 */
final class PlaneKernels {
    /** As many bytes as a vector of f32 has lanes; null where no vector is so small. */
    private static final @Nullable VectorSpecies<Byte> BYTES =
            LANES < 8 ? null : VectorSpecies.of(byte.class, VectorShape.forBitSize(F.vectorBitSize() / 4));

    private PlaneKernels() {}

    /** y[c] = Σ x[·, c]. y f32 [n]. */
    static void sum(DType type, long x, int height, int width, long rowBytes, int n, long y) {
        if (type == DType.F32) {
            sumF32(x, height, width, rowBytes, n, y);
        } else {
            sumBf16(x, height, width, rowBytes, n, y);
        }
    }

    /** y[c] = largest of x[·, c], NaN if one is. y f32 [n]. */
    static void max(DType type, long x, int height, int width, long rowBytes, int n, long y) {
        if (type == DType.F32) {
            maxF32(x, height, width, rowBytes, n, y);
        } else {
            maxBf16(x, height, width, rowBytes, n, y);
        }
    }

    private static void sumF32(long x, int height, int width, long rowBytes, int n, long y) {
        long step = 4L * n;
        int i = 0;
        for (; i <= n - 2 * LANES; i += 2 * LANES) {
            FloatVector a = FloatVector.zero(F);
            FloatVector b = a;
            for (int r = 0; r < height; r++) {
                long at = x + r * rowBytes + 4L * i;
                for (int c = 0; c < width; c++, at += step) {
                    a = a.add(load(at));
                    b = b.add(load(at + 4L * LANES));
                }
            }
            a.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
            b.intoMemorySegment(Ram.ALL, y + 4L * (i + LANES), Ram.ORDER);
        }
        for (; i <= n - LANES; i += LANES) {
            FloatVector a = FloatVector.zero(F);
            for (int r = 0; r < height; r++) {
                long at = x + r * rowBytes + 4L * i;
                for (int c = 0; c < width; c++, at += step) {
                    a = a.add(load(at));
                }
            }
            a.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        tail(DType.F32, false, x, height, width, rowBytes, n, y, i);
    }

    private static void sumBf16(long x, int height, int width, long rowBytes, int n, long y) {
        long step = 2L * n;
        int i = 0;
        for (; i <= n - 2 * LANES; i += 2 * LANES) {
            FloatVector a = FloatVector.zero(F);
            FloatVector b = a;
            for (int r = 0; r < height; r++) {
                long at = x + r * rowBytes + 2L * i;
                for (int c = 0; c < width; c++, at += step) {
                    a = a.add(Rows.loadWide(at));
                    b = b.add(Rows.loadWide(at + 2L * LANES));
                }
            }
            a.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
            b.intoMemorySegment(Ram.ALL, y + 4L * (i + LANES), Ram.ORDER);
        }
        for (; i <= n - LANES; i += LANES) {
            FloatVector a = FloatVector.zero(F);
            for (int r = 0; r < height; r++) {
                long at = x + r * rowBytes + 2L * i;
                for (int c = 0; c < width; c++, at += step) {
                    a = a.add(Rows.loadWide(at));
                }
            }
            a.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        tail(DType.BF16, false, x, height, width, rowBytes, n, y, i);
    }

    private static void maxF32(long x, int height, int width, long rowBytes, int n, long y) {
        long step = 4L * n;
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector a = load(x + 4L * i);
            for (int r = 0; r < height; r++) {
                long at = x + r * rowBytes + 4L * i;
                for (int c = 0; c < width; c++, at += step) {
                    FloatVector b = load(at);
                    a = greater(a, b);
                }
            }
            a.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        tail(DType.F32, true, x, height, width, rowBytes, n, y, i);
    }

    private static void maxBf16(long x, int height, int width, long rowBytes, int n, long y) {
        long step = 2L * n;
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector a = Rows.loadWide(x + 2L * i);
            for (int r = 0; r < height; r++) {
                long at = x + r * rowBytes + 2L * i;
                for (int c = 0; c < width; c++, at += step) {
                    FloatVector b = Rows.loadWide(at);
                    a = greater(a, b);
                }
            }
            a.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        tail(DType.BF16, true, x, height, width, rowBytes, n, y, i);
    }

    /** The channels from {@code i} on. */
    private static void tail(
            DType type, boolean max, long x, int height, int width, long rowBytes, int n, long y, int i) {
        for (; i < n; i++) {
            float result = max ? Float.NEGATIVE_INFINITY : 0;
            for (int r = 0; r < height; r++) {
                for (int c = 0; c < width; c++) {
                    float value = Rows.get(type, x + r * rowBytes + ((long) c * n + i) * type.bytes());
                    result = max ? Math.max(result, value) : result + value;
                }
            }
            Ram.setFloat(y + 4L * i, result);
        }
    }

    /** x[p, c] ← x[p, c]·s[c]. s f32 [n]. */
    static void scale(DType type, long x, int pixels, int n, long s) {
        if (type == DType.F32) {
            scaleF32(x, pixels, n, s);
        } else {
            scaleBf16(x, pixels, n, s);
        }
    }

    private static void scaleF32(long x, int pixels, int n, long s) {
        for (int p = 0; p < pixels; p++) {
            long at = x + 4L * p * n;
            int i = 0;
            for (; i <= n - LANES; i += LANES) {
                load(at + 4L * i).mul(load(s + 4L * i)).intoMemorySegment(Ram.ALL, at + 4L * i, Ram.ORDER);
            }
            for (; i < n; i++) {
                Ram.setFloat(at + 4L * i, Ram.getFloat(at + 4L * i) * Ram.getFloat(s + 4L * i));
            }
        }
    }

    private static void scaleBf16(long x, int pixels, int n, long s) {
        for (int p = 0; p < pixels; p++) {
            long at = x + 2L * p * n;
            int i = 0;
            for (; i <= n - LANES; i += LANES) {
                Rows.narrowed(Rows.loadWide(at + 2L * i).mul(load(s + 4L * i)))
                        .intoMemorySegment(Ram.ALL, at + 2L * i, Ram.ORDER);
            }
            for (; i < n; i++) {
                float product = Rows.get(DType.BF16, at + 2L * i) * Ram.getFloat(s + 4L * i);
                Ram.setShort(at + 2L * i, Rows.bf16(product));
            }
        }
    }

    /** y[c] = Σ (x[·, c] − mean[c])². mean and y f32 [n]. */
    static void squares(DType type, long x, int pixels, int n, long mean, long y) {
        if (type == DType.F32) {
            squaresF32(x, pixels, n, mean, y);
        } else {
            squaresBf16(x, pixels, n, mean, y);
        }
        for (int i = n - n % LANES; i < n; i++) {
            float sum = 0;
            for (int p = 0; p < pixels; p++) {
                float centred = Rows.get(type, x + ((long) p * n + i) * type.bytes()) - Ram.getFloat(mean + 4L * i);
                sum += centred * centred;
            }
            Ram.setFloat(y + 4L * i, sum);
        }
    }

    private static void squaresF32(long x, int pixels, int n, long mean, long y) {
        for (int i = 0; i <= n - LANES; i += LANES) {
            FloatVector m = load(mean + 4L * i);
            FloatVector sum = FloatVector.zero(F);
            long at = x + 4L * i;
            for (int p = 0; p < pixels; p++, at += 4L * n) {
                FloatVector centred = load(at).sub(m);
                sum = centred.fma(centred, sum);
            }
            sum.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
    }

    private static void squaresBf16(long x, int pixels, int n, long mean, long y) {
        for (int i = 0; i <= n - LANES; i += LANES) {
            FloatVector m = load(mean + 4L * i);
            FloatVector sum = FloatVector.zero(F);
            long at = x + 2L * i;
            for (int p = 0; p < pixels; p++, at += 2L * n) {
                FloatVector centred = Rows.loadWide(at).sub(m);
                sum = centred.fma(centred, sum);
            }
            sum.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
    }

    /** y[p, c] = (x[p, c] − mean[c])·factor[c] + bias[c]. mean, factor and bias f32 [n], y of x's type. */
    static void centre(DType type, long x, int pixels, int n, long mean, long factor, long bias, long y) {
        if (type == DType.F32) {
            centreF32(x, pixels, n, mean, factor, bias, y);
        } else {
            centreBf16(x, pixels, n, mean, factor, bias, y);
        }
    }

    private static void centreF32(long x, int pixels, int n, long mean, long factor, long bias, long y) {
        for (long at = 0; at < 4L * pixels * n; at += 4L * n) {
            int i = 0;
            for (; i <= n - LANES; i += LANES) {
                load(x + at + 4L * i)
                        .sub(load(mean + 4L * i))
                        .fma(load(factor + 4L * i), load(bias + 4L * i))
                        .intoMemorySegment(Ram.ALL, y + at + 4L * i, Ram.ORDER);
            }
            for (; i < n; i++) {
                float centred = Ram.getFloat(x + at + 4L * i) - Ram.getFloat(mean + 4L * i);
                Ram.setFloat(
                        y + at + 4L * i, Math.fma(centred, Ram.getFloat(factor + 4L * i), Ram.getFloat(bias + 4L * i)));
            }
        }
    }

    private static void centreBf16(long x, int pixels, int n, long mean, long factor, long bias, long y) {
        for (long at = 0; at < 2L * pixels * n; at += 2L * n) {
            int i = 0;
            for (; i <= n - LANES; i += LANES) {
                Rows.narrowed(Rows.loadWide(x + at + 2L * i)
                                .sub(load(mean + 4L * i))
                                .fma(load(factor + 4L * i), load(bias + 4L * i)))
                        .intoMemorySegment(Ram.ALL, y + at + 2L * i, Ram.ORDER);
            }
            for (; i < n; i++) {
                float centred = Rows.get(DType.BF16, x + at + 2L * i) - Ram.getFloat(mean + 4L * i);
                float value = Math.fma(centred, Ram.getFloat(factor + 4L * i), Ram.getFloat(bias + 4L * i));
                Ram.setShort(y + at + 2L * i, Rows.bf16(value));
            }
        }
    }

    /** y = (1 − down)·((1 − across)·a + across·b) + down·((1 − across)·c + across·d). y f32 [n]. */
    static void blend(DType type, long a, long b, long c, long d, float across, float down, int n, long y) {
        if (type == DType.F32) {
            blendF32(a, b, c, d, across, down, n, y);
        } else {
            blendBf16(a, b, c, d, across, down, n, y);
        }
        for (int i = n - n % LANES; i < n; i++) {
            long at = (long) i * type.bytes();
            float upper = (1 - across) * Rows.get(type, a + at) + across * Rows.get(type, b + at);
            float lower = (1 - across) * Rows.get(type, c + at) + across * Rows.get(type, d + at);
            Ram.setFloat(y + 4L * i, (1 - down) * upper + down * lower);
        }
    }

    private static void blendF32(long a, long b, long c, long d, float across, float down, int n, long y) {
        for (long at = 0; at <= 4L * (n - LANES); at += 4L * LANES) {
            FloatVector upper = load(a + at).mul(1 - across).add(load(b + at).mul(across));
            FloatVector lower = load(c + at).mul(1 - across).add(load(d + at).mul(across));
            upper.mul(1 - down).add(lower.mul(down)).intoMemorySegment(Ram.ALL, y + at, Ram.ORDER);
        }
    }

    private static void blendBf16(long a, long b, long c, long d, float across, float down, int n, long y) {
        for (long at = 0; at <= 2L * (n - LANES); at += 2L * LANES) {
            FloatVector upper = Rows.loadWide(a + at)
                    .mul(1 - across)
                    .add(Rows.loadWide(b + at).mul(across));
            FloatVector lower = Rows.loadWide(c + at)
                    .mul(1 - across)
                    .add(Rows.loadWide(d + at).mul(across));
            upper.mul(1 - down).add(lower.mul(down)).intoMemorySegment(Ram.ALL, y + 2 * at, Ram.ORDER);
        }
    }

    /**
     * y[i] = x[i]·factors[i mod period] + summands[i mod period].
     *
     * @param x u8 [count]
     * @param period a multiple of the lanes
     */
    static void bytes(DType type, long x, long count, int period, long factors, long summands, long y) {
        long i = 0;
        if (BYTES != null) {
            i = count - count % period;
            if (type == DType.F32) {
                bytesF32(x, i, period, factors, summands, y);
            } else {
                bytesBf16(x, i, period, factors, summands, y);
            }
        }
        for (; i < count; i++) {
            long place = 4 * (i % period);
            float value =
                    Math.fma(Ram.getByte(x + i) & 0xFF, Ram.getFloat(factors + place), Ram.getFloat(summands + place));
            if (type == DType.F32) {
                Ram.setFloat(y + 4 * i, value);
            } else {
                Ram.setShort(y + 2 * i, Rows.bf16(value));
            }
        }
    }

    private static void bytesF32(long x, long count, int period, long factors, long summands, long y) {
        for (long from = 0; from < count; from += period) {
            for (int i = 0; i < period; i += LANES) {
                loadBytes(x + from + i)
                        .fma(load(factors + 4L * i), load(summands + 4L * i))
                        .intoMemorySegment(Ram.ALL, y + 4 * (from + i), Ram.ORDER);
            }
        }
    }

    private static void bytesBf16(long x, long count, int period, long factors, long summands, long y) {
        for (long from = 0; from < count; from += period) {
            for (int i = 0; i < period; i += LANES) {
                Rows.narrowed(loadBytes(x + from + i).fma(load(factors + 4L * i), load(summands + 4L * i)))
                        .intoMemorySegment(Ram.ALL, y + 2 * (from + i), Ram.ORDER);
            }
        }
    }

    private static FloatVector loadBytes(long address) {
        ByteVector bytes = ByteVector.fromMemorySegment(BYTES, Ram.ALL, address, Ram.ORDER);
        IntVector wide = (IntVector) bytes.convertShape(VectorOperators.ZERO_EXTEND_B2I, VectorMath.I, 0);
        return (FloatVector) wide.convert(VectorOperators.I2F, 0);
    }
}
