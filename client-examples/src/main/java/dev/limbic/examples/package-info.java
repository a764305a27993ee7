/** Clients to copy: one question, one answer; a stream of chat lines; a conversation; frames of a camera. */
@NullMarked
package dev.limbic.examples;

import org.jspecify.annotations.NullMarked;
