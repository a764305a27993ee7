/** The command line: one class per command, and what they print for people. */
@NullMarked
package dev.limbic.server.command;

import org.jspecify.annotations.NullMarked;
