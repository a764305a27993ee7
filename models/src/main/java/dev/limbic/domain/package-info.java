/** What Limbic talks about: inputs, emotions and the ways a request can fail. */
@NullMarked
package dev.limbic.domain;

import org.jspecify.annotations.NullMarked;
