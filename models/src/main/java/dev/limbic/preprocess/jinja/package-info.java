/** The language of chat templates (Jinja, as transformers sets it up): no access to anything but what a template is given. */
@NullMarked
package dev.limbic.preprocess.jinja;

import org.jspecify.annotations.NullMarked;
