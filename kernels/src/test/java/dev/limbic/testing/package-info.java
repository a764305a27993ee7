/** What tests of several modules share. */
@NullMarked
package dev.limbic.testing;

import org.jspecify.annotations.NullMarked;
