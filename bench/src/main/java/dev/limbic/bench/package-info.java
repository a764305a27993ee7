/** Measurements: the engine against bare products, the server under load. Nothing depends on this module. */
@NullMarked
package dev.limbic.bench;

import org.jspecify.annotations.NullMarked;
