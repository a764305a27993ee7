package dev.limbic.ops;

/**
 * A convolution's weights [O, I/groups, kH, kW] and bias [O] as a device likes them best. Owned by {@link Weights}.
 *
 * <p>y[i, y, x, o] = bias[o] + Σ x[i, y·stride + dilation·r − top, x·stride + dilation·s − left, c]·w[o, c, r, s] over the
 * channels c of o's group.
 */
public interface Conv2d {
    /**
     * How a convolution slides over its pictures.
     *
     * @param stride pixels from one place to the next, down and to the right
     * @param dilation pixels from one weight to the next; 1 for a window without holes
     * @param groups parts that input and output channels fall into; as many as channels: depthwise
     */
    record Geometry(int stride, Padding padding, int dilation, int groups) {
        public Geometry {
            if (Math.min(stride, Math.min(dilation, groups)) < 1) {
                throw new IllegalArgumentException("conv2d: positive stride, dilation and groups expected, found "
                        + stride + ", " + dilation + ", " + groups);
            }
        }

        /** One group, no holes. */
        public static Geometry of(int stride, Padding padding) {
            return new Geometry(stride, padding, 1, 1);
        }
    }

    /**
     * Sizes of the weights.
     *
     * @param in channels of the input, I
     * @param out channels of the output, O
     */
    record Kernel(int in, int out, int height, int width) {}

    Kernel kernel();

    Geometry geometry();

    /** Precision of the products; its activation type is the type of the output. */
    Precision precision();

    /** Sizes of the result. */
    default Planes result(Planes planes) {
        return window().over("conv2d", planes);
    }

    /** The zeros around pictures of this size. */
    default Padding.Pixels padding(Planes planes) {
        Window window = window();
        return geometry().padding().around(planes, window.height(), window.width(), window.stride());
    }

    private Window window() {
        Geometry g = geometry();
        return new Window(
                (kernel().height() - 1) * g.dilation() + 1,
                (kernel().width() - 1) * g.dilation() + 1,
                g.stride(),
                g.padding());
    }
}
