package dev.limbic.ops;

/**
 * A transposed convolution's weights [I, O/groups, kH, kW] and bias [O] as a device likes them best: the gradient of a
 * convolution of the same geometry. Owned by {@link Weights}.
 */
public interface ConvTranspose2d {
    /**
     * How it spreads each pixel.
     *
     * @param padding pixels that the result lacks at its edges
     * @param outputPadding rows and columns added below and right, less than the stride
     */
    record Geometry(int stride, Padding.Pixels padding, int outputPadding, int dilation, int groups) {
        public Geometry {
            if (Math.min(stride, Math.min(dilation, groups)) < 1 || outputPadding < 0 || outputPadding >= stride) {
                throw new IllegalArgumentException(
                        "convTranspose2d: positive stride, dilation and groups, and an output"
                                + " padding below the stride expected, found " + stride + ", " + dilation + ", "
                                + groups + ", "
                                + outputPadding);
            }
        }
    }

    /** Channels in and out, height and width. */
    Conv2d.Kernel kernel();

    Geometry geometry();

    Precision precision();

    /** Sizes of the result: (h − 1)·stride − top − bottom + dilation·(kH − 1) + 1 + outputPadding, and so the width. */
    default Planes result(Planes planes) {
        Geometry g = geometry();
        Padding.Pixels p = g.padding();
        int h = (planes.h() - 1) * g.stride()
                - p.top()
                - p.bottom()
                + g.dilation() * (kernel().height() - 1)
                + 1
                + g.outputPadding();
        int w = (planes.w() - 1) * g.stride()
                - p.left()
                - p.right()
                + g.dilation() * (kernel().width() - 1)
                + 1
                + g.outputPadding();
        if (h < 1 || w < 1) {
            throw new IllegalArgumentException(
                    "convTranspose2d: a result of at least one pixel expected, found " + h + " × " + w);
        }
        return planes.sized(h, w);
    }
}
