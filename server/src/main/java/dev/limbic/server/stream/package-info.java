/** What lives as long as a client's stream: its conversation, and what it wants to hear of. */
@NullMarked
package dev.limbic.server.stream;

import org.jspecify.annotations.NullMarked;
