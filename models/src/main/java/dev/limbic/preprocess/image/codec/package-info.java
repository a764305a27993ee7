/** Pictures to pixels and back: JPEG, PNG, WebP and raw samples, with every size bounded before memory is asked for. */
@NullMarked
package dev.limbic.preprocess.image.codec;

import org.jspecify.annotations.NullMarked;
