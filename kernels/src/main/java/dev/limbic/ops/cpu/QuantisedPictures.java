package dev.limbic.ops.cpu;

import dev.limbic.ops.Planes;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;

/**
 * Pictures rounded to bytes, each with a scale of its own, so that none depends on what it is batched with.
 *
 * @param values address of i8 [N·H·W, C]
 * @param scales address of f32 [N]; NaN for a picture with an infinity or NaN
 */
record QuantisedPictures(long values, long scales) {
    /** Parts of a picture where there are fewer of them than threads; each at least so many numbers. */
    private static final int PART = 1 << 14;

    /** @param x f32 or bf16 [N·H·W, C] */
    static QuantisedPictures of(CpuEngine engine, Tensor x, Planes planes) {
        int n = planes.n();
        int numbers = Math.multiplyExact(planes.pixels(), x.columns());
        int parts = n >= engine.team().size()
                ? 1
                : Math.clamp(numbers / PART, 1, engine.team().size());
        long values = engine.allocate(DType.I8, x.rows(), x.columns()).address();
        long scales = engine.scratch().allocate((long) n * Float.BYTES);
        long largest = engine.scratch().allocate((long) n * parts * Integer.BYTES);
        Parts all = new Parts(x, numbers, parts, values, scales, largest);
        long bytes = x.rows() * x.rowBytes();
        if (parts == 1) {
            engine.shares().items(n, bytes, (worker, from, to) -> {
                for (int i = from; i < to; i++) {
                    all.measure(i);
                    all.round(i);
                }
            });
        } else {
            engine.shares().items(n * parts, bytes, (worker, from, to) -> {
                for (int i = from; i < to; i++) {
                    all.measure(i);
                }
            });
            engine.shares().items(n * parts, bytes, (worker, from, to) -> {
                for (int i = from; i < to; i++) {
                    all.round(i);
                }
            });
        }
        return new QuantisedPictures(values, scales);
    }

    /**
     * Pictures in equal parts.
     *
     * @param numbers of a picture
     * @param largest i32 [N·parts], bits of the largest magnitude of each part
     */
    private record Parts(Tensor x, int numbers, int parts, long values, long scales, long largest) {
        private long begin(int part) {
            return (long) (part / parts) * numbers + (long) (part % parts) * numbers / parts;
        }

        private int length(int part) {
            int i = part % parts;
            return (int) ((i + 1L) * numbers / parts - (long) i * numbers / parts);
        }

        private long address(int part) {
            return x.address() + begin(part) * x.dtype().bytes();
        }

        void measure(int part) {
            Ram.setInt(largest + (long) part * Integer.BYTES, Quantise.largest(x.dtype(), address(part), length(part)));
        }

        void round(int part) {
            int picture = part / parts;
            int most = 0;
            for (int i = picture * parts; i < (picture + 1) * parts; i++) {
                most = Math.max(most, Ram.getInt(largest + (long) i * Integer.BYTES));
            }
            float scale = Quantise.scale(most);
            if (part % parts == 0) {
                Ram.setFloat(scales + (long) picture * Float.BYTES, scale);
            }
            Quantise.symmetric(x.dtype(), address(part), length(part), scale, values + begin(part));
        }
    }
}
