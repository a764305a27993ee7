package dev.limbic.server.stream;

import dev.limbic.domain.StreamState;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a face as long as it is remembered.
 *
 * @param filter smooths what is said of it
 * @param state what the model remembers of it on its device; null if that looks at each picture alone
 */
record FaceMemory(OneEuroFilter filter, @Nullable StreamState state) {}
