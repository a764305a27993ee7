/**
 * The CUDA provider, through JCuda: driver API, NVRTC, cuBLAS, cuDNN and the kernels in {@code src/main/cuda}. The only
 * importer of {@code jcuda}.
 */
@NullMarked
package dev.limbic.ops.cuda;

import org.jspecify.annotations.NullMarked;
