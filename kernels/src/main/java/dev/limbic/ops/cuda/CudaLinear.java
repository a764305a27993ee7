package dev.limbic.ops.cuda;

import dev.limbic.ops.Linear;
import dev.limbic.ops.Precision;

/**
 * A linear layer in device memory.
 *
 * @param weight address of [out, in] in the precision's type
 * @param bias address of f32 [out], 0 for none
 */
record CudaLinear(int in, int out, Precision precision, long weight, long bias) implements Linear {}
