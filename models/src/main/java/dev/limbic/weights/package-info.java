/** Weights and configuration as they lie on disk in a Hugging Face directory: read, checked, never trusted. */
@NullMarked
package dev.limbic.weights;

import org.jspecify.annotations.NullMarked;
