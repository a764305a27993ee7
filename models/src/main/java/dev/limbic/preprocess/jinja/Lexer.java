package dev.limbic.preprocess.jinja;

import dev.limbic.preprocess.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cuts a source into tokens as jinja2's lexer does with {@code trim_blocks} and {@code lstrip_blocks}. */
final class Lexer {
    private static final String SPACES = "[" + PythonText.SPACES + "]*";
    private static final Pattern RAW_BEGIN = Pattern.compile("\\{%[-+]?" + SPACES + "raw" + SPACES + "(-?)%\\}");
    private static final Pattern RAW_END = Pattern.compile("\\{%([-+]?)" + SPACES + "endraw" + SPACES + "([-+]?)%\\}");
    private static final Pattern NUMBER =
            Pattern.compile("(?:0|[1-9][0-9]*)(?![0-9])(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?");
    private static final Pattern INDEX = Pattern.compile("(?:0|[1-9][0-9]*)(?![0-9])");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern STRING =
            Pattern.compile("'[^'\\\\]*+(?:\\\\.[^'\\\\]*+)*+'|\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"", Pattern.DOTALL);
    private static final List<String> OPERATORS = List.of(
            "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<",
            "=", ".", ":", "|", ",", ";");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int position;
    private int line = 1;
    private int lineCountedTo;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String source) {
        String normal = source.replace("\r\n", "\n").replace('\r', '\n');
        Lexer lexer = new Lexer(normal.endsWith("\n") ? normal.substring(0, normal.length() - 1) : normal);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (position < source.length()) {
            int tag = nextTag();
            if (tag < 0) {
                add(Kind.DATA, source.substring(position));
                position = source.length();
                break;
            }
            char opening = source.charAt(tag + 1);
            char sign = signAt(tag + 2);
            data(tag, sign, opening != '{');
            Matcher raw = RAW_BEGIN.matcher(source).region(tag, source.length());
            if (opening == '%' && raw.lookingAt()) {
                position = raw.end();
                if (!raw.group(1).isEmpty()) {
                    skipSpaces();
                }
                raw();
                continue;
            }
            position = tag + 2 + (sign == 0 ? 0 : 1);
            switch (opening) {
                case '#' -> comment();
                case '%' -> tag(Kind.BLOCK_BEGIN, Kind.BLOCK_END);
                default -> tag(Kind.OUTPUT_BEGIN, Kind.OUTPUT_END);
            }
        }
        add(Kind.END, "");
    }

    private int nextTag() {
        for (int i = source.indexOf('{', position); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private char signAt(int index) {
        char c = index < source.length() ? source.charAt(index) : 0;
        return c == '-' || c == '+' ? c : 0;
    }

    /** The text before a tag, without what the tag eats. */
    private void data(int end, char sign, boolean eatsIndentation) {
        int from = position;
        int to = end;
        if (sign == '-') {
            while (to > from && PythonText.isSpace(source.charAt(to - 1))) {
                to--;
            }
        } else if (sign != '+' && eatsIndentation) {
            int begin = end;
            while (begin > from && source.charAt(begin - 1) != '\n' && PythonText.isSpace(source.charAt(begin - 1))) {
                begin--;
            }
            if (begin == 0 || source.charAt(begin - 1) == '\n') {
                to = begin;
            }
        }
        add(Kind.DATA, source.substring(from, to));
    }

    private void raw() {
        Matcher end = RAW_END.matcher(source);
        if (!end.find(position)) {
            throw TemplateException.syntax(lineOf(position), "the end of 'raw' is missing");
        }
        data(end.start(), end.group(1).isEmpty() ? 0 : end.group(1).charAt(0), true);
        position = end.end();
        afterTag(end.group(2).isEmpty() ? 0 : end.group(2).charAt(0), true);
    }

    private void comment() {
        int end = source.indexOf("#}", position);
        if (end < 0) {
            throw TemplateException.syntax(lineOf(position), "the end of a comment is missing");
        }
        char sign = end > position ? signAt(end - 1) : 0;
        position = end + 2;
        afterTag(sign, true);
    }

    private void afterTag(char sign, boolean eatsNewline) {
        if (sign == '-') {
            skipSpaces();
        } else if (sign == 0 && eatsNewline && position < source.length() && source.charAt(position) == '\n') {
            position++;
        }
    }

    private void tag(Kind begin, Kind end) {
        add(begin, "");
        Deque<Character> open = new ArrayDeque<>();
        String closing = end == Kind.BLOCK_END ? "%}" : "}}";
        while (true) {
            skipSpaces();
            if (position >= source.length()) {
                throw TemplateException.syntax(lineOf(position), "the end of a tag is missing");
            }
            if (open.isEmpty()) {
                char sign = signAt(position);
                boolean signed = sign == '-' || (sign == '+' && end == Kind.BLOCK_END);
                if (source.startsWith(closing, position + (signed ? 1 : 0))) {
                    add(end, "");
                    position += closing.length() + (signed ? 1 : 0);
                    afterTag(signed ? sign : 0, end == Kind.BLOCK_END);
                    return;
                }
            }
            word(open);
        }
    }

    private void word(Deque<Character> open) {
        // After a dot a number is an index: in 'list.0.1' no fraction.
        Pattern number = position > 0 && source.charAt(position - 1) == '.' ? INDEX : NUMBER;
        Matcher matcher = number.matcher(source).region(position, source.length());
        if (matcher.lookingAt()) {
            if (matcher.end() < source.length() && isWordChar(source.charAt(matcher.end()))) {
                throw TemplateException.unsupported(lineOf(position), "a number in that writing");
            }
            boolean integer = matcher.group().chars().allMatch(c -> c >= '0' && c <= '9');
            add(integer ? Kind.INTEGER : Kind.FLOAT, matcher.group());
            position = matcher.end();
            return;
        }
        if (matcher.usePattern(NAME).lookingAt()) {
            add(Kind.NAME, matcher.group());
            position = matcher.end();
            return;
        }
        if (matcher.usePattern(STRING).lookingAt()) {
            int at = lineOf(position);
            String inner = source.substring(position + 1, matcher.end() - 1);
            tokens.add(new Token(Kind.STRING, at, Escapes.decode(inner, at)));
            position = matcher.end();
            return;
        }
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, position)) {
                balance(open, operator);
                add(Kind.OPERATOR, operator);
                position += operator.length();
                return;
            }
        }
        throw TemplateException.syntax(
                lineOf(position), "unexpected character '" + Character.toString(source.codePointAt(position)) + "'");
    }

    private void balance(Deque<Character> open, String operator) {
        switch (operator) {
            case "(" -> open.push(')');
            case "[" -> open.push(']');
            case "{" -> open.push('}');
            case ")", "]", "}" -> {
                if (open.isEmpty() || open.pop() != operator.charAt(0)) {
                    throw TemplateException.syntax(lineOf(position), "unexpected '" + operator + "'");
                }
            }
            default -> {}
        }
    }

    private static boolean isWordChar(char c) {
        return c == '_' || Character.isLetterOrDigit(c);
    }

    private void skipSpaces() {
        while (position < source.length() && PythonText.isSpace(source.charAt(position))) {
            position++;
        }
    }

    private void add(Kind kind, String text) {
        if (kind != Kind.DATA || !text.isEmpty()) {
            tokens.add(new Token(kind, lineOf(position), text));
        }
    }

    private int lineOf(int index) {
        for (; lineCountedTo < index; lineCountedTo++) {
            if (source.charAt(lineCountedTo) == '\n') {
                line++;
            }
        }
        return line;
    }
}
