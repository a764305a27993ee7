/** One thread per device takes what waits for it, in batches. Generic in the payload; knows neither models nor wires. */
@NullMarked
package dev.limbic.server.batch;

import org.jspecify.annotations.NullMarked;
