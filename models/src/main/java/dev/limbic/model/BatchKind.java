package dev.limbic.model;

import dev.limbic.domain.Input;
import dev.limbic.domain.Prepared;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import java.util.List;

/** A kind of models that answer inputs in batches; see {@link Model} for the types. */
public abstract sealed class BatchKind<I extends Input, P extends Prepared, R, A> extends Kind<Model<I, P, R, A>>
        permits TextKind, ImageKind, VideoKind, FinderKind {
    /** What rows are measured in. */
    public enum Unit {
        /** Of text. */
        TOKENS(64),
        /** Of pictures, as the model sees them. */
        PIXELS(4096);

        private final double scale;

        Unit(double scale) {
            this.scale = scale;
        }

        /** So much of it takes about as long to compute as to begin a batch, within a power of ten or so. */
        public double scale() {
            return scale;
        }
    }

    private final Unit unit;

    BatchKind(String name, Unit unit) {
        super(name);
        this.unit = unit;
    }

    /** What the cost of a row counts. */
    public final Unit unit() {
        return unit;
    }

    /**
     * Measured to keep the text starters' accuracy: int8 at least 0.99 of f32, bf16 and f16 at least 0.998. Of the 16-bit types
     * f16 keeps three more bits; encoders, convolutions behind a norm and gates stay far inside its range.
     */
    @Override
    final Precision automatic(Device device, boolean bearsInt8) {
        if (bearsInt8 && device.supports(Precision.INT8)) {
            return Precision.INT8;
        }
        if (device.supports(Precision.F16)) {
            return Precision.F16;
        }
        return device.supports(Precision.BF16) ? Precision.BF16 : Precision.F32;
    }

    /** Inputs of several sizes, the smallest first, to run a model with before it serves. */
    public abstract List<I> samples();
}
