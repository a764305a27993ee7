package dev.limbic.preprocess.jinja;

import java.util.List;

/** What can be gone through but is no list: a range, a view of a mapping, or the answer of a filter such as map. */
final class Iteration {
    /** What else it can do. */
    enum Kind {
        /** Length and index. */
        RANGE,
        /** Length. */
        VIEW,
        /** Nothing, and it can be gone through once. */
        GENERATOR
    }

    private final List<Object> items;
    private final Kind kind;
    private boolean taken;

    Iteration(List<Object> items, Kind kind) {
        this.items = items;
        this.kind = kind;
    }

    Kind kind() {
        return kind;
    }

    /** The items. A generator would be empty the second time; that is never meant, so it fails. */
    List<Object> take() {
        if (taken && kind == Kind.GENERATOR) {
            throw TemplateException.failed("the answer of a filter is gone through twice; it needs '| list'");
        }
        taken = true;
        return items;
    }

    /** The items of what is not a generator, which can be counted. */
    List<Object> counted() {
        if (kind == Kind.GENERATOR) {
            throw TemplateException.failed("the answer of a filter has no length; it needs '| list'");
        }
        return items;
    }
}
