package dev.limbic.ops.cuda;

import java.nio.file.Path;

/**
 * How a CUDA device is opened.
 *
 * @param ordinal which chip, counted from 0
 * @param cache folder of compiled kernels; created when absent
 */
public record CudaSettings(int ordinal, Path cache) {}
