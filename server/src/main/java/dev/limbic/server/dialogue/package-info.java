/** Conversations: what was said, how it was meant, and what is answered. */
@NullMarked
package dev.limbic.server.dialogue;

import org.jspecify.annotations.NullMarked;
