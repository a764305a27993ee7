/** Everything between a configuration and a running server: devices, the models on them, their lanes, the one wiring. */
@NullMarked
package dev.limbic.server.runtime;

import org.jspecify.annotations.NullMarked;
