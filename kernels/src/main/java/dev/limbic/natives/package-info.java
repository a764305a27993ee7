/** The one folder into which native libraries are unpacked, and that nobody else can write. */
@NullMarked
package dev.limbic.natives;

import org.jspecify.annotations.NullMarked;
