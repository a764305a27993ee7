/** Pictures to what a model reads, as {@code preprocessor_config.json} has it; faces out of pictures; boxes into them. */
@NullMarked
package dev.limbic.preprocess.image;

import org.jspecify.annotations.NullMarked;
