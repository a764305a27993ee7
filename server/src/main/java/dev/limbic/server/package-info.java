/** {@code Main}: where the process begins. */
@NullMarked
package dev.limbic.server;

import org.jspecify.annotations.NullMarked;
