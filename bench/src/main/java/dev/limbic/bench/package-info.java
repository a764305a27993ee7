/** Micro-benchmarks and the load generator. */
@NullMarked
package dev.limbic.bench;

import org.jspecify.annotations.NullMarked;
