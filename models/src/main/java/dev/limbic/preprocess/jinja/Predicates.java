package dev.limbic.preprocess.jinja;

import java.util.List;
import java.util.Map;

/** What templates can ask after {@code is}, and by name in filters such as {@code select}. */
final class Predicates {
    static final Map<String, Builtin> BY_NAME = Builtin.byName(
            is("defined", value -> !(value instanceof Undefined)),
            is("undefined", value -> value instanceof Undefined),
            is("none", value -> value instanceof None),
            is("string", value -> value instanceof String || value instanceof SafeText),
            is("mapping", value -> value instanceof Map<?, ?>),
            is("number", Values::isNumber),
            is("integer", value -> value instanceof Long),
            is("float", value -> value instanceof Double),
            is("boolean", value -> value instanceof Boolean),
            is("true", value -> Boolean.TRUE.equals(value)),
            is("false", value -> Boolean.FALSE.equals(value)),
            is("sequence", Predicates::isSequence),
            is("iterable", value -> isSequence(value) || value instanceof Iteration || value instanceof LoopState),
            is("odd", value -> rest(value, 2L).equals(1L)),
            is("even", value -> rest(value, 2L).equals(0L)),
            Builtin.of(
                    "divisibleby num",
                    (value, arguments, rendering) ->
                            rest(value, arguments.get(0)).equals(0L)),
            is("upper", value -> isCase(SafeText.refused(value, "'upper'"), true)),
            is("lower", value -> isCase(SafeText.refused(value, "'lower'"), false)),
            Builtin.of(
                    "in seq",
                    (value, arguments, rendering) -> Values.contains(arguments.get(0), value, rendering.budget())),
            equality("eq", true),
            equality("==", true),
            equality("equalto", true),
            equality("ne", false),
            equality("!=", false),
            order("lt", "<"),
            order("<", "<"),
            order("lessthan", "<"),
            order("le", "<="),
            order("<=", "<="),
            order("gt", ">"),
            order(">", ">"),
            order("greaterthan", ">"),
            order("ge", ">="),
            order(">=", ">="));

    private Predicates() {}

    /** Asks about a value. */
    private interface Question {
        boolean of(Object value);
    }

    private static Builtin is(String name, Question question) {
        return Builtin.of(name, (value, arguments, rendering) -> question.of(value));
    }

    private static Builtin equality(String name, boolean wanted) {
        return Builtin.of(
                name + " *other",
                (value, arguments, rendering) -> Values.equal(value, arguments.get(0), rendering.budget()) == wanted);
    }

    private static Builtin order(String name, String operator) {
        return Builtin.of(
                name + " *other",
                (value, arguments, rendering) ->
                        Evaluator.compare(operator, value, arguments.get(0), rendering.budget()));
    }

    private static boolean isSequence(Object value) {
        return value instanceof String
                || value instanceof List<?>
                || value instanceof Tuple
                || value instanceof Map<?, ?>
                || value instanceof Undefined
                || (value instanceof Iteration iteration && iteration.kind() == Iteration.Kind.RANGE);
    }

    private static Long rest(Object value, Object divisor) {
        if (!Numbers.isWhole(value) || !Numbers.isWhole(divisor)) {
            throw TemplateException.failed(
                    "cannot divide " + Values.describe(value) + " by " + Values.describe(divisor) + " in a test");
        }
        return (Long) Numbers.calculate("%", value, divisor);
    }

    private static boolean isCase(Object value, boolean upper) {
        if (!(value instanceof String text)) {
            throw TemplateException.failed("only a string is upper or lower, found " + Values.describe(value));
        }
        return text.codePoints().anyMatch(c -> upper ? Character.isUpperCase(c) : Character.isLowerCase(c))
                && text.codePoints()
                        .noneMatch(c -> Character.isTitleCase(c)
                                || (upper ? Character.isLowerCase(c) : Character.isUpperCase(c)));
    }
}
