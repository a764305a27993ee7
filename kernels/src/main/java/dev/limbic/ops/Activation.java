package dev.limbic.ops;

/** Element-wise functions that a linear layer can apply to its result at no extra pass over memory. */
public enum Activation {
    NONE,
    RELU,
    /** x where it is positive, else x/10. */
    LEAKY_RELU,
    /** x·Φ(x) with the exact normal distribution (erf). */
    GELU,
    /** The tanh approximation of GELU: 0.5x(1 + tanh(√(2/π)(x + 0.044715x³))). */
    GELU_TANH,
    /** x·sigmoid(x), also called swish. */
    SILU,
    TANH,
    SIGMOID
}
