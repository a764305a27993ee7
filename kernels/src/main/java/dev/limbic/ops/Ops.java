package dev.limbic.ops;

import java.util.function.Supplier;

/**
 * The operations that layers are made of, by what they are. T is the number of rows of a flat batch, B the number of
 * sequences.
 *
 * <p>Of every family: results are new scratch tensors unless said otherwise; they live until the enclosing {@link Scope}
 * closes or the batch ends. Wrong shapes or types throw {@link IllegalArgumentException} naming the operation. Only the
 * thread that owns the device may call, or the one on which {@link PictureWork} was handed them. What an operation is called
 * is said once over all families.
 *
 * @param rows what is done to rows, each by itself or all of a sequence together
 * @param attention rows that look at others, those of a cache included
 * @param recurrence rows that follow each other in time
 * @param sampling rows of logits that become tokens
 * @param pictures rows that are pixels, and see those around them
 * @param scopes opens a scope
 */
public record Ops(
        RowOps rows,
        AttentionOps attention,
        RecurrentOps recurrence,
        SampleOps sampling,
        ConvOps pictures,
        Supplier<Scope> scopes) {
    /** Everything allocated while the scope is open is given up when it closes. */
    public Scope scope() {
        return scopes.get();
    }
}
