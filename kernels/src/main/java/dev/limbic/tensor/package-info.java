/** Shapes, element types and handles of tensors, and the scratch arena they live in. */
@NullMarked
package dev.limbic.tensor;

import org.jspecify.annotations.NullMarked;
