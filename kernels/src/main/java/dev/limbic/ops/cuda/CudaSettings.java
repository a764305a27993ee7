package dev.limbic.ops.cuda;

import java.nio.file.Path;

/**
 * How a CUDA device is opened.
 *
 * @param ordinal which chip, counted from 0
 * @param cache folder of compiled kernels; created when absent
 * @param graphs whether repeated work is recorded and replayed as CUDA graphs
 */
public record CudaSettings(int ordinal, Path cache, boolean graphs) {}
