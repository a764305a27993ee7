package dev.limbic.model;

import dev.limbic.domain.Input;
import dev.limbic.domain.Prepared;
import java.util.List;

/** A kind of models that answer inputs in batches; see {@link Model} for the types. */
public abstract sealed class BatchKind<I extends Input, P extends Prepared, R, A> extends Kind<Model<I, P, R, A>>
        permits TextKind, ImageKind, FinderKind {
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

    /** Inputs of several sizes, the smallest first, to run a model with before it serves. */
    public abstract List<I> samples();
}
