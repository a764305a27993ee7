package dev.limbic.ops.cpu;

import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import java.util.ArrayList;
import java.util.List;

/**
 * What one call computes of a convolution: some whole pictures, or some rows of one. A slab of the input is a picture like any
 * other, with its own padding, so that nothing is copied.
 *
 * @param n pictures
 * @param h rows of the input that are seen
 * @param outH rows of the result of each picture
 * @param top padding above
 * @param input first row of the input tensor
 * @param output first row of the result
 */
record Slab(int n, int h, int outH, int top, int input, int output) {
    /** Pictures {@code first … end − 1} in groups of powers of two, at most {@code group}, so that plans are few. */
    static List<Slab> pictures(Planes planes, Planes result, Padding.Pixels padding, int first, int end, int group) {
        List<Slab> slabs = new ArrayList<>();
        for (int i = first; i < end; ) {
            int n = Integer.highestOneBit(Math.min(group, end - i));
            slabs.add(new Slab(n, planes.h(), result.h(), padding.top(), i * planes.pixels(), i * result.pixels()));
            i += n;
        }
        return slabs;
    }

    /** The same in groups that do not reach from one worker's share into another's. */
    static List<Slab> shared(Planes planes, Planes result, Padding.Pixels padding, int workers, int group) {
        List<Slab> slabs = new ArrayList<>();
        int n = planes.n();
        for (int worker = 0; worker < workers; worker++) {
            slabs.addAll(pictures(planes, result, padding, worker * n / workers, (worker + 1) * n / workers, group));
        }
        return slabs;
    }

    /** Every picture in so many parts of the result's rows, or whole where some part might see no pixel. */
    static List<Slab> rows(ConvLayer.Sliding sliding, Planes planes, Planes result, Padding.Pixels padding, int parts) {
        List<Slab> slabs = new ArrayList<>();
        int window = (sliding.kernel().height() - 1) * sliding.dilation() + 1;
        boolean whole = padding.top() >= window || padding.bottom() >= window;
        int count = whole ? 1 : Math.min(result.h(), parts);
        for (int i = 0; i < planes.n(); i++) {
            for (int s = 0; s < count; s++) {
                int first = s * result.h() / count;
                int end = (s + 1) * result.h() / count;
                int top = first * sliding.stride() - padding.top();
                int bottom = (end - 1) * sliding.stride() - padding.top() + window;
                int firstInput = Math.clamp(top, 0, planes.h() - 1);
                int endInput = Math.clamp(bottom, firstInput + 1, planes.h());
                slabs.add(new Slab(
                        1,
                        endInput - firstInput,
                        end - first,
                        firstInput - top,
                        (i * planes.h() + firstInput) * planes.w(),
                        (i * result.h() + first) * result.w()));
            }
        }
        return slabs;
    }
}
