/** A small HTTP side: metrics and liveness now, the browser pages later. */
@NullMarked
package dev.limbic.server.http;

import org.jspecify.annotations.NullMarked;
