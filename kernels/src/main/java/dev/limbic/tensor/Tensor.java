package dev.limbic.tensor;

/**
 * Handle of a dense row-major tensor in a device's memory. It owns nothing: scratch tensors die when their arena is
 * rewound, weights when their {@code Weights} are closed.
 *
 * @param dtype element type
 * @param shape dimensions, outermost first
 * @param address where it starts in the device's address space
 */
public record Tensor(DType dtype, Shape shape, long address) {
    /** Number of rows: the outermost dimension. */
    public int rows() {
        return shape.dim(0);
    }

    /** Elements in one row. */
    public int columns() {
        int n = 1;
        for (int i = 1; i < shape.rank(); i++) {
            n *= shape.dim(i);
        }
        return n;
    }

    /** Bytes in one row. */
    public long rowBytes() {
        return (long) columns() * dtype.bytes();
    }

    /** Address of row {@code r}. */
    public long row(int r) {
        return address + r * rowBytes();
    }

    /**
     * The same elements in the same order under another shape.
     *
     * @throws IllegalArgumentException if their number is another one
     */
    public Tensor shaped(int... dims) {
        Shape other = Shape.of(dims);
        if (other.elements() != shape.elements()) {
            throw new IllegalArgumentException("shaped: " + shape.elements() + " elements expected, found " + other);
        }
        return new Tensor(dtype, other, address);
    }

    @Override
    public String toString() {
        return dtype + " " + shape;
    }
}
