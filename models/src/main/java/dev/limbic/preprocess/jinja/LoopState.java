package dev.limbic.preprocess.jinja;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/** A loop under way: the variable {@code loop}. Items after the current one are looked at only when asked for. */
final class LoopState {
    private final Iterator<Object> source;
    private final Deque<Object> ahead = new ArrayDeque<>();
    private Object previous = new Undefined("loop.previtem");
    private Object current = previous;
    private long index0 = -1;

    LoopState(Iterator<Object> source) {
        this.source = source;
    }

    boolean hasNext() {
        return !ahead.isEmpty() || source.hasNext();
    }

    Object next() {
        if (index0 >= 0) {
            previous = current;
        }
        index0++;
        current = ahead.isEmpty() ? source.next() : ahead.pop();
        return current;
    }

    Object attribute(String name) {
        return switch (name) {
            case "index" -> index0 + 1;
            case "index0" -> index0;
            case "first" -> index0 == 0;
            case "last" -> !hasNext();
            case "length" -> length();
            case "revindex" -> length() - index0;
            case "revindex0" -> length() - index0 - 1;
            case "previtem" -> previous;
            case "nextitem" -> peek();
            // Of loops that call themselves, which are not supported.
            case "depth" -> 1L;
            case "depth0" -> 0L;
            default -> throw TemplateException.failed("'loop." + name + "' is not supported");
        };
    }

    private long length() {
        source.forEachRemaining(ahead::add);
        return index0 + 1 + ahead.size();
    }

    private Object peek() {
        if (!hasNext()) {
            return new Undefined("loop.nextitem");
        }
        if (ahead.isEmpty()) {
            ahead.add(source.next());
        }
        return ahead.getFirst();
    }
}
