/** Text to token ids, on the host. */
@NullMarked
package dev.limbic.preprocess.text;

import org.jspecify.annotations.NullMarked;
