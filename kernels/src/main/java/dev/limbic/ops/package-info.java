/** Operations on tensors, and the device that offers them. Shape and formula stand here, providers only compute. */
@NullMarked
package dev.limbic.ops;

import org.jspecify.annotations.NullMarked;
