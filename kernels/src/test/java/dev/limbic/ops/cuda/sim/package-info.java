/** The CUDA simulator as tests see it. Its sources are in {@code kernels/src/sim}. */
@org.jspecify.annotations.NullMarked
package dev.limbic.ops.cuda.sim;
