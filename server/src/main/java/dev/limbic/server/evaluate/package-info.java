/** Quality of a model on labelled data: scores and agreements as the literature reports them. */
@NullMarked
package dev.limbic.server.evaluate;

import org.jspecify.annotations.NullMarked;
