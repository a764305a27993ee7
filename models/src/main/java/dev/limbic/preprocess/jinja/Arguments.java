package dev.limbic.preprocess.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Values of a call's arguments in the order of the parameters; one that is left out has none. */
record Arguments(String caller, List<@Nullable Object> values, Budget budget) {
    boolean has(int index) {
        return index < values.size() && values.get(index) != null;
    }

    Object get(int index) {
        Object value = index < values.size() ? values.get(index) : null;
        if (value == null) {
            throw TemplateException.failed("'" + caller + "' lacks an argument");
        }
        return value;
    }

    Object get(int index, Object otherwise) {
        return has(index) ? get(index) : otherwise;
    }

    /** A text; nothing else will do. */
    String text(int index) {
        if (get(index) instanceof String text) {
            return text;
        }
        throw TemplateException.failed("'" + caller + "': expected a string, found " + Values.describe(get(index)));
    }

    /** A whole number in the range of an index. */
    int integer(int index, int otherwise) {
        if (!has(index)) {
            return otherwise;
        }
        if (get(index) instanceof Long number) {
            return Math.clamp(number, -Integer.MAX_VALUE, Integer.MAX_VALUE);
        }
        throw TemplateException.failed("'" + caller + "': expected an integer, found " + Values.describe(get(index)));
    }

    boolean truth(int index, boolean otherwise) {
        return has(index) ? Values.truth(get(index)) : otherwise;
    }
}
