package dev.limbic.ops;

/** A weight matrix [out, in] and bias [out] as a device likes them best. Owned by {@link Weights}. */
public interface Linear {
    /** Columns of the input, K. */
    int in();

    /** Columns of the output, N. */
    int out();

    /** Precision of the product; its activation type is the type of the output. */
    Precision precision();
}
