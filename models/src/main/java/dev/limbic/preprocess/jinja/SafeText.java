package dev.limbic.preprocess.jinja;

import java.util.Set;

/**
 * What the filter {@code safe} gives. In jinja2 it escapes what it is joined to with an operator, which no chat template
 * means; here it can be printed, joined with {@code ~}, kept and handed on, and anything else is refused by name.
 */
record SafeText(String text) {
    /** Filters and tests for which it is a text as any other. */
    static final Set<String> TAKEN_BY = Set.of(
            "safe",
            "string",
            "trim",
            "upper",
            "lower",
            "capitalize",
            "title",
            "replace",
            "default",
            "d",
            "defined",
            "undefined",
            "none");

    /** The value, unless it is one of these. */
    static Object refused(Object value, String where) {
        if (value instanceof SafeText) {
            throw TemplateException.failed(where + " of a text that is marked as 'safe' is not supported");
        }
        return value;
    }
}
