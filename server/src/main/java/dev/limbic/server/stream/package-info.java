/** What lives as long as a client's stream: its conversation, its frames, and what it wants to hear of. */
@NullMarked
package dev.limbic.server.stream;

import org.jspecify.annotations.NullMarked;
