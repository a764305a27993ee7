package dev.limbic.server.http;

import dev.limbic.server.security.Surface;
import java.util.function.Supplier;

/**
 * What stands at a path.
 *
 * @param surface what it is for, which decides who may ask
 * @param reply called on the HTTP thread, must be quick
 */
public record Route(Surface surface, Supplier<Reply> reply) {}
