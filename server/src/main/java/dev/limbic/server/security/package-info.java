/** Who may call, and how much: tokens, certificates and quotas from files that are read again when they change. */
@NullMarked
package dev.limbic.server.security;

import org.jspecify.annotations.NullMarked;
