package dev.limbic.preprocess.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Strings as Python has them: made of code points, with its idea of white space and of printing. */
final class PythonText {
    /** What {@code str.isspace} takes for white space, as a part of a regular expression's class. */
    static final String SPACES =
            "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

    private PythonText() {}

    static boolean isSpace(int c) {
        return (c >= '\t' && c <= '\r')
                || (c >= 0x1c && c <= 0x20)
                || c == 0x85
                || c == 0xa0
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200a)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202f
                || c == 0x205f
                || c == 0x3000;
    }

    static List<Object> characters(String text) {
        List<Object> result = new ArrayList<>(text.length());
        text.codePoints().forEach(c -> result.add(Character.toString(c)));
        return result;
    }

    static int compare(String a, String b) {
        int common = Math.min(a.length(), b.length());
        int i = 0;
        while (i < common && a.charAt(i) == b.charAt(i)) {
            i++;
        }
        if (i == common) {
            return Integer.compare(a.length(), b.length());
        }
        char x = a.charAt(i);
        char y = b.charAt(i);
        // Surrogates stand for characters above all others.
        boolean high = Character.isSurrogate(x);
        return high == Character.isSurrogate(y) ? Character.compare(x, y) : high ? 1 : -1;
    }

    /** Without the characters of {@code unwanted}, or white space, at the left, the right or both. */
    static String strip(String text, Object unwanted, boolean left, boolean right) {
        String set = switch (unwanted) {
            case None none -> "";
            case String s -> s;
            default -> throw TemplateException.failed("cannot strip " + Values.describe(unwanted));
        };
        boolean spaces = unwanted instanceof None;
        int from = 0;
        int to = text.length();
        while (left && from < to) {
            int c = text.codePointAt(from);
            if (spaces ? !isSpace(c) : set.indexOf(c) < 0) {
                break;
            }
            from += Character.charCount(c);
        }
        while (right && to > from) {
            int c = text.codePointBefore(to);
            if (spaces ? !isSpace(c) : set.indexOf(c) < 0) {
                break;
            }
            to -= Character.charCount(c);
        }
        return text.substring(from, to);
    }

    static String upper(String text) {
        return text.toUpperCase(Locale.ROOT);
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    /** First character as in a title, the rest small. */
    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.codePointAt(0);
        int next = Character.charCount(first);
        // Small letters depend on what is before them (the Greek final sigma), so all are changed at once.
        String small = lower(text);
        if (lower(text.substring(0, next)).length() != next) {
            throw TemplateException.failed("'capitalize' of a letter whose small form is longer is not supported");
        }
        return titled(first) + small.substring(next);
    }

    /** First letter large, the rest small, each by itself. */
    static String capitalizedWord(String word) {
        if (word.isEmpty()) {
            return word;
        }
        int next = word.offsetByCodePoints(0, 1);
        return upper(word.substring(0, next)) + lower(word.substring(next));
    }

    /** {@code str.title}: every run of letters begins with a capital one. */
    static String title(String text) {
        StringBuilder result = new StringBuilder(text.length());
        boolean within = false;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            if (c == 0x3A3 || Character.toLowerCase(c) == 0x131) {
                throw TemplateException.failed("'title' of a letter that depends on its place is not supported");
            }
            result.append(within ? lower(Character.toString(c)) : titled(c));
            within = isCased(c);
            i += Character.charCount(c);
        }
        return result.toString();
    }

    private static String titled(int c) {
        String one = Character.toString(c);
        String upper = upper(one);
        if (Character.toTitleCase(c) != c || upper.codePointCount(0, upper.length()) == 1) {
            return Character.toString(Character.toTitleCase(c));
        }
        if (c == 0xDF || (c >= 0xFB00 && c <= 0xFB06)) {
            return upper.charAt(0) + lower(upper.substring(1));
        }
        throw TemplateException.failed("a letter that becomes several in a title is not supported");
    }

    private static boolean isCased(int c) {
        return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }

    /** {@code str(value)}. */
    static String print(Object value, Budget budget) {
        if (value instanceof String text) {
            return text;
        }
        if (value instanceof Undefined) {
            return "";
        }
        return value instanceof SafeText safe ? safe.text() : represented(value, budget);
    }

    /** {@code repr(value)}. */
    static String represented(Object value, Budget budget) {
        StringBuilder text = new StringBuilder();
        represent(value, text, budget, 0);
        return budget.made(text.toString());
    }

    private static void represent(Object value, StringBuilder text, Budget budget, int depth) {
        budget.step();
        budget.room(text.length());
        Values.requireDepth(depth);
        switch (value) {
            case None none -> text.append("None");
            case Undefined undefined -> text.append("Undefined");
            case Boolean b -> text.append(b ? "True" : "False");
            case Long n -> text.append((long) n);
            case Double d -> text.append(Numbers.print(d));
            case String s -> quote(s, text, budget);
            case List<?> l -> {
                text.append('[');
                several(l, text, budget, depth);
                text.append(']');
            }
            case Tuple t -> {
                text.append('(');
                several(t.items(), text, budget, depth);
                text.append(t.items().size() == 1 ? ",)" : ")");
            }
            case Map<?, ?> m -> {
                text.append('{');
                boolean first = true;
                for (Map.Entry<?, ?> entry : m.entrySet()) {
                    text.append(first ? "" : ", ");
                    first = false;
                    represent(Values.value(entry.getKey()), text, budget, depth + 1);
                    text.append(": ");
                    represent(Values.value(entry.getValue()), text, budget, depth + 1);
                }
                text.append('}');
            }
            default -> throw TemplateException.failed("cannot print " + Values.describe(value));
        }
    }

    private static void several(List<?> items, StringBuilder text, Budget budget, int depth) {
        for (int i = 0; i < items.size(); i++) {
            text.append(i == 0 ? "" : ", ");
            represent(Values.value(items.get(i)), text, budget, depth + 1);
        }
    }

    private static void quote(String s, StringBuilder text, Budget budget) {
        budget.read(s);
        char mark = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
        text.append(mark);
        s.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\\' -> text.append("\\\\");
                default -> {
                    if (c == mark) {
                        text.append('\\').append(mark);
                    } else if (isPrintable(c)) {
                        text.appendCodePoint(c);
                    } else {
                        text.append(String.format(
                                Locale.ROOT, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c));
                    }
                }
            }
        });
        text.append(mark);
    }

    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }
}
