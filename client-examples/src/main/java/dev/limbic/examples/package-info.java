/** Clients to copy: one question, one answer; and a stream of chat lines. */
@NullMarked
package dev.limbic.examples;

import org.jspecify.annotations.NullMarked;
