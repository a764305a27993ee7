/** Layers: weights and a forward pass from top to bottom, with no word about devices. */
@NullMarked
package dev.limbic.layer;

import org.jspecify.annotations.NullMarked;
