/** The straight line per kind of input, short enough to read at a glance. */
@NullMarked
package dev.limbic.server.pipeline;

import org.jspecify.annotations.NullMarked;
