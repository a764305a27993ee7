/** A record tree; the only reader of configuration files, environment and overrides. Validates once, at start-up. */
@NullMarked
package dev.limbic.server.config;

import org.jspecify.annotations.NullMarked;
