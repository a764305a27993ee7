package dev.limbic.preprocess.jinja;

/** What a string literal stands for, by Python's rules. */
final class Escapes {
    private static final String SIMPLE = "\\'\"abfnrtv";
    private static final String MEANING = "\\'\"\u0007\b\f\n\r\t\u000b";

    private Escapes() {}

    static String decode(String literal, int line) {
        if (literal.indexOf('\\') < 0) {
            return literal;
        }
        StringBuilder text = new StringBuilder(literal.length());
        int i = 0;
        while (i < literal.length()) {
            char c = literal.charAt(i++);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            char kind = literal.charAt(i++);
            int simple = SIMPLE.indexOf(kind);
            int digits = "xuU".indexOf(kind);
            if (simple >= 0) {
                text.append(MEANING.charAt(simple));
            } else if (digits >= 0) {
                int count = 2 << digits;
                text.appendCodePoint(codePoint(literal, i, count, 16, line));
                i += count;
            } else if (kind >= '0' && kind <= '7') {
                int end = i;
                while (end < literal.length()
                        && end < i + 2
                        && literal.charAt(end) >= '0'
                        && literal.charAt(end) <= '7') {
                    end++;
                }
                text.appendCodePoint(codePoint(literal, i - 1, end - i + 1, 8, line));
                i = end;
            } else if (kind == 'N') {
                throw TemplateException.unsupported(line, "a character by its name (\\N)");
            } else if (kind != '\n') {
                // Python keeps both characters of what is no escape.
                text.append('\\').append(kind);
            }
        }
        return text.toString();
    }

    private static int codePoint(String literal, int from, int count, int radix, int line) {
        int value = 0;
        for (int i = from; i < from + count; i++) {
            int digit = i < literal.length() ? Character.digit(literal.charAt(i), radix) : -1;
            if (digit < 0 || literal.charAt(i) > 'f') {
                throw TemplateException.syntax(line, "an escape in a string has too few digits");
            }
            value = value * radix + digit;
        }
        if (!Character.isValidCodePoint(value) || (value >= 0xD800 && value <= 0xDFFF)) {
            throw TemplateException.syntax(line, "an escape in a string is no character");
        }
        return value;
    }
}
