package dev.limbic.preprocess.image;

import java.util.concurrent.ArrayBlockingQueue;

/**
 * Resizes pictures as Pillow does, to the last bit: two passes, along rows and then along columns, over as many samples as a
 * result covers, with 8 bits between the passes. Thread-safe; calls share their scratch.
 */
final class Resizer {
    private static final int HALF = 1 << (ResizeAxis.BITS - 1);

    private final ArrayBlockingQueue<Work> free =
            new ArrayBlockingQueue<>(Runtime.getRuntime().availableProcessors());
    private final boolean plain;

    /** With loops in vectors as soon as they are compiled. */
    Resizer() {
        this(false);
    }

    /** @param plain whether loops in vectors are never used */
    Resizer(boolean plain) {
        this.plain = plain;
    }

    private boolean vectors() {
        return !plain && ResizeVectors.compiled();
    }

    /** What a call needs besides its result. */
    private static final class Work {
        private final ResizeAxis horizontal = new ResizeAxis();
        private final ResizeAxis vertical = new ResizeAxis();
        private byte[] rows = {};
        private int[] pairs = {};

        private byte[] between(int length) {
            if (rows.length < length + ResizeVectors.SLACK) {
                rows = new byte[length + ResizeVectors.SLACK];
            }
            return rows;
        }
    }

    /** Part of a picture of interleaved samples. */
    record View(byte[] samples, int from, int stride, int width, int height, int channels) {}

    /** A part of a result of {@code width × height}: {@code outWidth × outHeight} from {@code left, top}. */
    record Target(int width, int height, int left, int top, int outWidth, int outHeight) {}

    /** The samples of the target, interleaved without gaps. */
    byte[] resize(View in, Target target, ResizeFilter filter) {
        byte[] out = new byte[target.outWidth() * target.outHeight() * in.channels()];
        if (filter == ResizeFilter.NEAREST || (in.width() == target.width() && in.height() == target.height())) {
            nearest(in, target, out);
            return out;
        }
        Work work = free.poll();
        if (work == null) {
            work = new Work();
        }
        smooth(in, target, filter, work, out);
        free.offer(work);
        return out;
    }

    private void smooth(View in, Target target, ResizeFilter filter, Work work, byte[] out) {
        boolean wide = target.width() != in.width();
        boolean high = target.height() != in.height();
        ResizeAxis columns = work.horizontal;
        ResizeAxis rows = work.vertical;
        if (wide) {
            columns.fill(in.width(), target.width(), target.left(), target.outWidth(), filter);
        }
        if (high) {
            rows.fill(in.height(), target.height(), target.top(), target.outHeight(), filter);
        }
        int channels = in.channels();
        int length = target.outWidth() * channels;
        if (!wide) {
            int from = in.from() + target.left() * channels;
            vertical(rows, in.samples(), from, in.stride(), length, target.outHeight(), out);
        } else if (!high) {
            horizontal(in, target.top(), target.outHeight(), work, target.outWidth(), out);
        } else if (verticalFirst(in, target)) {
            int first = columns.first();
            int count = columns.end(target.outWidth()) - first;
            byte[] between = work.between(target.outHeight() * count * channels);
            int from = in.from() + first * channels;
            vertical(rows, in.samples(), from, in.stride(), count * channels, target.outHeight(), between);
            View view =
                    new View(between, -first * channels, count * channels, first + count, target.outHeight(), channels);
            horizontal(view, 0, target.outHeight(), work, target.outWidth(), out);
        } else {
            int first = rows.first();
            int count = rows.end(target.outHeight()) - first;
            byte[] between = work.between(count * length);
            horizontal(in, first, count, work, target.outWidth(), between);
            vertical(rows, between, -first * length, length, length, target.outHeight(), out);
        }
    }

    /** The order matters by what is rounded between the passes. Pillow before 13 always went along the rows first. */
    private static boolean verticalFirst(View in, Target target) {
        int lessHigh = in.height() - target.height();
        return lessHigh > 0 && lessHigh > 2 * (in.width() - target.width());
    }

    private void horizontal(View in, int first, int rows, Work work, int width, byte[] out) {
        int length = width * in.channels();
        int done = 0;
        if (in.channels() == 3 && vectors()) {
            work.pairs = ResizeVectors.pairs(work.horizontal, width, work.pairs);
            for (; done < rows; done++) {
                int from = in.from() + (first + done) * in.stride();
                if (from + 3 * in.width() + ResizeVectors.SLACK > in.samples().length
                        || (done + 1) * length + ResizeVectors.SLACK > out.length) {
                    break;
                }
                ResizeVectors.horizontal(work.horizontal, work.pairs, in.samples(), from, width, out, done * length);
            }
        }
        for (; done < rows; done++) {
            int from = in.from() + (first + done) * in.stride();
            horizontal(work.horizontal, in.samples(), from, in.channels(), width, out, done * length);
        }
    }

    private static void horizontal(ResizeAxis axis, byte[] in, int from, int channels, int width, byte[] out, int to) {
        for (int x = 0; x < width; x++) {
            int start = from + axis.starts[x] * channels;
            for (int c = 0; c < channels; c++) {
                int sum = HALF;
                for (int k = 0; k < axis.counts[x]; k++) {
                    sum += (in[start + k * channels + c] & 0xFF) * axis.weights[x * axis.taps + k];
                }
                out[to + x * channels + c] = clamp(sum >> ResizeAxis.BITS);
            }
        }
    }

    private void vertical(ResizeAxis axis, byte[] in, int from, int stride, int length, int rows, byte[] out) {
        boolean vectors = vectors();
        for (int y = 0; y < rows; y++) {
            int start = from + axis.starts[y] * stride;
            int count = axis.counts[y];
            int x = vectors
                    ? ResizeVectors.vertical(
                            axis.weights, y * axis.taps, count, in, start, stride, length, out, y * length)
                    : 0;
            for (; x < length; x++) {
                int sum = HALF;
                for (int k = 0; k < count; k++) {
                    sum += (in[start + k * stride + x] & 0xFF) * axis.weights[y * axis.taps + k];
                }
                out[y * length + x] = clamp(sum >> ResizeAxis.BITS);
            }
        }
    }

    /** Positions are added up, as Pillow does it, so that they round alike. */
    private static void nearest(View in, Target target, byte[] out) {
        int channels = in.channels();
        double stepX = (double) in.width() / target.width();
        double stepY = (double) in.height() / target.height();
        double v = stepY * 0.5;
        for (int y = 0; y < target.top() + target.outHeight(); y++, v += stepY) {
            double u = stepX * 0.5;
            for (int x = 0; x < target.left() + target.outWidth() && y >= target.top(); x++, u += stepX) {
                if (x >= target.left()) {
                    int at = in.from() + ((int) v) * in.stride() + ((int) u) * channels;
                    int to = ((y - target.top()) * target.outWidth() + x - target.left()) * channels;
                    System.arraycopy(in.samples(), at, out, to, channels);
                }
            }
        }
    }

    static byte clamp(int value) {
        return (byte) Math.max(0, Math.min(255, value));
    }
}
