package dev.limbic.preprocess.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code json.dumps}, with the settings that transformers' filter {@code tojson} passes on. */
final class JsonText {
    private final boolean ascii;
    private final String indent;
    private final boolean lines;
    private final String itemSeparator;
    private final String keySeparator;
    private final boolean sorted;
    private final Budget budget;
    private final StringBuilder text = new StringBuilder();

    private JsonText(Arguments arguments) {
        ascii = arguments.truth(0, false);
        Object wanted = arguments.get(1, None.NONE);
        lines = !(wanted instanceof None);
        budget = arguments.budget();
        if (wanted instanceof String given) {
            indent = given;
        } else {
            indent = " ".repeat(lines ? Math.clamp(arguments.integer(1, 0), 0, Budget.MAX_DEPTH) : 0);
        }
        Object separators = arguments.get(2, None.NONE);
        if (separators instanceof None) {
            itemSeparator = lines ? "," : ", ";
            keySeparator = ": ";
        } else {
            List<Object> both = Values.items(separators, budget);
            if (both.size() != 2 || !(both.get(0) instanceof String item) || !(both.get(1) instanceof String key)) {
                throw TemplateException.failed("'tojson': expected two strings as separators");
            }
            itemSeparator = item;
            keySeparator = key;
        }
        sorted = arguments.truth(3, false);
    }

    static Object of(Object value, Arguments arguments) {
        JsonText json = new JsonText(arguments);
        json.write(value, 0);
        return json.budget.made(json.text.toString());
    }

    private void write(Object value, int depth) {
        budget.step();
        budget.room(text.length());
        Values.requireDepth(depth);
        switch (value) {
            case None none -> text.append("null");
            case Boolean b -> text.append((boolean) b);
            case Long n -> text.append((long) n);
            case Double d -> text.append(Numbers.print(d));
            case String s -> string(s);
            case List<?> l -> list(Values.list(l), depth);
            case Tuple t -> list(t.items(), depth);
            case Map<?, ?> m -> map(m, depth);
            default -> throw TemplateException.failed("'tojson' cannot write " + Values.describe(value));
        }
    }

    private void list(List<Object> items, int depth) {
        text.append('[');
        for (int i = 0; i < items.size(); i++) {
            text.append(i == 0 ? "" : itemSeparator);
            newLine(depth + 1);
            write(items.get(i), depth + 1);
        }
        if (!items.isEmpty()) {
            newLine(depth);
        }
        text.append(']');
    }

    private void map(Map<?, ?> map, int depth) {
        List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
        if (sorted) {
            entries.sort((a, b) -> Values.compare(Values.value(a.getKey()), Values.value(b.getKey()), budget));
        }
        text.append('{');
        boolean first = true;
        for (Map.Entry<?, ?> entry : entries) {
            text.append(first ? "" : itemSeparator);
            first = false;
            newLine(depth + 1);
            string(String.valueOf(entry.getKey()));
            text.append(keySeparator);
            write(Values.value(entry.getValue()), depth + 1);
        }
        if (!first) {
            newLine(depth);
        }
        text.append('}');
    }

    private void newLine(int depth) {
        if (lines) {
            text.append('\n').repeat(indent, depth);
        }
    }

    private void string(String s) {
        budget.read(s);
        text.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\f' -> text.append("\\f");
                case '\b' -> text.append("\\b");
                default -> {
                    if (c < ' ' || (ascii && c > '~')) {
                        // Python leaves 0x7f as it is.
                        text.append(c == 0x7f ? "\u007f" : String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }
}
