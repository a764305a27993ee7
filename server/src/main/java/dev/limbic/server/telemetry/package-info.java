/** Counters, histograms and logs. Nothing here ever sees the text of a request. */
@NullMarked
package dev.limbic.server.telemetry;

import org.jspecify.annotations.NullMarked;
