/** Logits to emotions: pure functions on host floats. */
@NullMarked
package dev.limbic.postprocess;

import org.jspecify.annotations.NullMarked;
