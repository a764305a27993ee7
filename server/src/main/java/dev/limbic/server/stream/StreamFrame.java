package dev.limbic.server.stream;

import dev.limbic.domain.Cause;
import dev.limbic.server.pipeline.FaceRequest;

/**
 * A picture of a stream.
 *
 * @param cause what comes back with all that it causes
 * @param picture what to read of it; its timeout begins now
 */
public record StreamFrame(Cause cause, FaceRequest picture) {}
