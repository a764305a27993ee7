/**
 * The CPU provider: products through oneDNN, everything between them with the vector API on off-heap memory. The only
 * package that imports {@code org.bytedeco}.
 *
 * <p>Parallelism is ours, not OpenMP's: a {@link dev.limbic.ops.cpu.Team} of threads each calls single-threaded oneDNN
 * on its part of the rows or columns, so that products and own loops share one set of threads and none of them spins
 * against another.
 */
@NullMarked
package dev.limbic.ops.cpu;

import org.jspecify.annotations.NullMarked;
