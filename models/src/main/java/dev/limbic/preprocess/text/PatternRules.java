package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Which regular expressions may split texts. The library gives up, and with it the process, when an expression goes back
 * more than ten million times; so none that can is taken: no repetition of a group with choices inside, few repetitions
 * without a bound side by side, no references. The expressions of all known tokenisers are far from these bounds.
 */
final class PatternRules {
    private static final int MAX_LENGTH = 4096;
    private static final int MAX_UNBOUNDED = 3;
    private static final String SAMPLE = "\n a b\tA1, é.\r\n我";

    /** A group that is open, or the whole expression. */
    private static final class Group {
        private boolean choices;
        private int unbounded;
        private int most;
    }

    private PatternRules() {}

    /** What is wrong with the expression, or null. */
    static @Nullable String fault(String regex) {
        if (regex.length() > MAX_LENGTH) {
            return "one of " + regex.length() + " characters";
        }
        Deque<Group> open = new ArrayDeque<>();
        open.push(new Group());
        @Nullable Group closed = null;
        for (int i = 0; i < regex.length(); i++) {
            char c = regex.charAt(i);
            @Nullable Group before = closed;
            closed = null;
            switch (c) {
                case '\\' -> {
                    i++;
                    if (i < regex.length() && "123456789kg".indexOf(regex.charAt(i)) >= 0) {
                        return "a reference to a group";
                    }
                    if (regex.startsWith("{", i + 1)) {
                        i = braceEnd(regex, i + 1);
                    }
                }
                case '[' -> i = classEnd(regex, i);
                case '(' -> open.push(new Group());
                case ')' -> {
                    if (open.size() > 1) {
                        closed = open.pop();
                        Group outer = open.element();
                        outer.unbounded += closed.unbounded + closed.most;
                        outer.choices |= closed.choices;
                    }
                }
                case '|' -> {
                    Group group = open.element();
                    group.choices = true;
                    group.most = Math.max(group.most, group.unbounded);
                    group.unbounded = 0;
                }
                case '*', '+', '{' -> {
                    if (c == '+' && i > 0 && "*+?}".indexOf(regex.charAt(i - 1)) >= 0) {
                        break; // Never gives back what it has taken.
                    }
                    if (before != null && before.choices) {
                        return "a repetition of a group with choices inside";
                    }
                    int end = c == '{' ? braceEnd(regex, i) : i;
                    Group group = open.element();
                    group.choices = true;
                    group.unbounded += c == '{' && regex.charAt(end - 1) != ',' ? 0 : 1;
                    if (group.unbounded > MAX_UNBOUNDED) {
                        return "more than " + MAX_UNBOUNDED + " repetitions side by side";
                    }
                    i = end;
                }
                case '?' -> {
                    // Of a group, of one character, or "as few as possible"; not the beginning of a group's options.
                    if (i > 0 && regex.charAt(i - 1) != '(') {
                        open.element().choices = true;
                    }
                }
                default -> {}
            }
        }
        return null;
    }

    /**
     * Whether what is replaced has a character at least: between characters the library loses count. Whether an expression
     * does is seen on a few texts, as whatever can be empty is empty in one of them.
     */
    static boolean matchesSomething(JsonNode pattern) {
        if (pattern.path("String").isTextual()) {
            return !pattern.path("String").textValue().isEmpty();
        }
        try {
            return Pattern.compile(pattern.path("Regex").asText())
                    .matcher(SAMPLE)
                    .results()
                    .noneMatch(match -> match.start() == match.end());
        } catch (PatternSyntaxException e) {
            return false;
        }
    }

    private static int braceEnd(String regex, int begin) {
        int end = regex.indexOf('}', begin);
        return end < 0 ? regex.length() - 1 : end;
    }

    /** Index of the bracket that ends a class of characters, or the last index. */
    private static int classEnd(String regex, int begin) {
        int depth = 0;
        for (int i = begin; i < regex.length(); i++) {
            switch (regex.charAt(i)) {
                case '\\' -> i++;
                case '[' -> depth++;
                case ']' -> {
                    if (--depth == 0) {
                        return i;
                    }
                }
                default -> {}
            }
        }
        return regex.length() - 1;
    }
}
