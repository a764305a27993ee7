package dev.limbic.ops;

import dev.limbic.tensor.DType;

/** How a model's products are computed. Accumulation is always wider than the operands. */
public enum Precision {
    /** f32 weights and activations. */
    F32(DType.F32),
    /** bf16 weights and activations, f32 accumulation. */
    BF16(DType.BF16),
    /** f16 weights and activations, f32 accumulation. */
    F16(DType.F16),
    /**
     * 8-bit weights with one scale per output channel, activations quantised on the fly with one scale and zero
     * point per row (so that a row does not depend on its batch), i32 accumulation; f32 between the products.
     *
     * <p>Of weights the scale is the largest magnitude of a channel over 127, w ≈ scale·round(w/scale). Of a row that reaches
     * from l to h, zero included, the scale is (h − l)/255 and the zero point z = round(−l/scale);
     * x ≈ scale·(round(x·(1/scale) + z) − z), within 0 … 255, of two whole numbers equally near the even one.
     *
     * <p>Convolutions: weights likewise; of a picture the scale is its largest magnitude over 127, without a zero point,
     * because the zeros around it must stay zeros: x ≈ scale·round(x·(1/scale)). Where rounding costs more than it saves,
     * neither is rounded: in groups, transposed, of fewer than 16 input channels. Pictures of fewer than 16 pixels are not
     * rounded either, but meet rounded weights. Between convolutions pictures may be bf16: what comes as such leaves as
     * such.
     */
    INT8(DType.F32);

    private final DType activations;

    Precision(DType activations) {
        this.activations = activations;
    }

    /** Element type of the tensors between operations. */
    public DType activations() {
        return activations;
    }
}
