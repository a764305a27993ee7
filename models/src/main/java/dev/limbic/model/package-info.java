/** One file per architecture, and the registry that is the only list of them. */
@NullMarked
package dev.limbic.model;

import org.jspecify.annotations.NullMarked;
