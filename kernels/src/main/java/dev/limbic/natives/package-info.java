/** What is asked of the operating system: a folder for native libraries that nobody else can write, and turns for threads. */
@NullMarked
package dev.limbic.natives;

import org.jspecify.annotations.NullMarked;
