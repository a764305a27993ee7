package dev.limbic.tensor;

/** Element type of a tensor. Products are always accumulated in f32, whatever the storage type. */
public enum DType {
    F32(4),
    BF16(2),
    F16(2),
    I8(1),
    U8(1),
    I32(4),
    I64(8);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }
}
