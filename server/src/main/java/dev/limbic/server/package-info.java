/** The composition root and the command line: the only place where the rooms meet. */
@NullMarked
package dev.limbic.server;

import org.jspecify.annotations.NullMarked;
