package dev.limbic.preprocess.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Variables of a body; what it does not have itself, it sees in the one around it. */
final class Scope {
    private final @Nullable Scope around;
    private final Map<String, Object> variables = new HashMap<>();
    private final int depth;

    Scope(@Nullable Scope around) {
        this(around, around);
    }

    /**
     * Makes the scope of a macro.
     *
     * @param around what it sees
     * @param caller where it is called; a macro that calls itself gets deeper there only
     */
    Scope(@Nullable Scope around, @Nullable Scope caller) {
        this.around = around;
        this.depth = caller == null ? 0 : caller.depth + 1;
        if (depth > Budget.MAX_DEPTH) {
            throw TemplateException.failed("loops and macros are nested more than " + Budget.MAX_DEPTH + " deep");
        }
    }

    @Nullable
    Object find(String name) {
        for (Scope scope = this; scope != null; scope = scope.around) {
            Object value = scope.variables.get(name);
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    void set(String name, Object value) {
        variables.put(name, value);
    }
}
