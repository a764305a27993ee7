/** Token generation without a device: cache blocks, sampling, text, and which rows the next step computes. */
@NullMarked
package dev.limbic.generate;

import org.jspecify.annotations.NullMarked;
