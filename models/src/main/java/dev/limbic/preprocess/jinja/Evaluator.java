package dev.limbic.preprocess.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values of expressions, for one rendering. */
final class Evaluator {
    /** Renders a macro; what statements do is not known here. */
    @FunctionalInterface
    interface MacroRunner {
        Object run(MacroValue macro, Expression.MacroCall call, Scope caller);
    }

    private final Rendering rendering;
    private final Budget budget;
    private final MacroRunner macros;

    Evaluator(Rendering rendering, MacroRunner macros) {
        this.rendering = rendering;
        this.budget = rendering.budget();
        this.macros = macros;
    }

    Object evaluate(Expression expression, Scope scope) {
        budget.step();
        return switch (expression) {
            case Expression.Literal(Object value) -> value;
            case Expression.Name(String name) -> variable(name, scope);
            case Expression.Listing(List<Expression> items, boolean tuple) -> {
                List<Object> values = all(items, scope);
                yield tuple ? new Tuple(values) : values;
            }
            case Expression.Mapping mapping -> mapping(mapping, scope);
            case Expression.Attribute(Expression target, String name) ->
                Access.attribute(SafeText.refused(evaluate(target, scope), "a part"), name);
            case Expression.Item(Expression target, Expression key) ->
                Access.item(
                        SafeText.refused(evaluate(target, scope), "a part"),
                        SafeText.refused(evaluate(key, scope), "a key"),
                        budget);
            case Expression.Slice s ->
                Access.slice(
                        SafeText.refused(evaluate(s.target(), scope), "a part"),
                        orNone(s.from(), scope),
                        orNone(s.to(), scope),
                        orNone(s.step(), scope),
                        budget);
            case Expression.Applied applied -> apply(applied, evaluate(applied.target(), scope), scope);
            case Expression.MacroCall call -> {
                if (variable(call.name(), scope) instanceof MacroValue macro) {
                    yield macros.run(macro, call, scope);
                }
                throw TemplateException.failed("'" + call.name() + "' is called, but is no macro here");
            }
            case Expression.Operation operation -> operate(operation, scope);
            case Expression.Comparison comparison -> compare(comparison, scope);
            case Expression.Logical(boolean and, Expression left, Expression right) -> {
                Object first = evaluate(left, scope);
                yield Values.truth(first) == and ? evaluate(right, scope) : first;
            }
            case Expression.Negation(Expression operand) -> !Values.truth(evaluate(operand, scope));
            case Expression.Conditional(Expression test, Expression then, Expression otherwise) -> {
                if (Values.truth(evaluate(test, scope))) {
                    yield evaluate(then, scope);
                }
                yield otherwise == null ? new Undefined("the else of an if") : evaluate(otherwise, scope);
            }
        };
    }

    private static Object variable(String name, Scope scope) {
        Object value = scope.find(name);
        if (value == null) {
            value = Functions.BY_NAME.get(name);
        }
        return value == null ? new Undefined(name) : value;
    }

    private Object orNone(@Nullable Expression expression, Scope scope) {
        return expression == null ? None.NONE : evaluate(expression, scope);
    }

    private List<Object> all(List<Expression> expressions, Scope scope) {
        List<Object> values = new ArrayList<>(expressions.size());
        for (Expression each : expressions) {
            values.add(evaluate(each, scope));
        }
        return values;
    }

    private Object mapping(Expression.Mapping mapping, Scope scope) {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < mapping.keys().size(); i++) {
            Object key = evaluate(mapping.keys().get(i), scope);
            if (!(key instanceof String) && !(key instanceof Long)) {
                throw TemplateException.failed(Values.describe(key) + " as a key of a mapping is not supported");
            }
            map.put(key, evaluate(mapping.values().get(i), scope));
        }
        return map;
    }

    /** Applies a filter, test, method or function. */
    Object apply(Expression.Applied applied, Object target, Scope scope) {
        List<@Nullable Object> arguments = new ArrayList<>();
        for (Expression argument : applied.arguments()) {
            arguments.add(argument == null ? null : evaluate(argument, scope));
        }
        return applied.builtin().apply(target, arguments, rendering);
    }

    private Object operate(Expression.Operation operation, Scope scope) {
        Object left = evaluate(operation.left(), scope);
        if (operation.right() == null) {
            if (!Values.isNumber(left)) {
                throw noOperation(operation.operator(), left, left);
            }
            return operation.operator().equals("-") ? Numbers.negated(left) : Numbers.itself(left);
        }
        Object right = evaluate(operation.right(), scope);
        if (operation.operator().equals("~")) {
            String first = PythonText.print(left, budget);
            String second = PythonText.print(right, budget);
            return joined(first, second);
        }
        SafeText.refused(left, "'" + operation.operator() + "'");
        SafeText.refused(right, "'" + operation.operator() + "'");
        if (Values.isNumber(left) && Values.isNumber(right)) {
            return Numbers.calculate(operation.operator(), left, right);
        }
        return switch (operation.operator()) {
            case "+" -> sum(left, right);
            case "%" -> formatted(left, right);
            case "*" -> Numbers.isWhole(left) ? repeated(right, left) : repeated(left, right);
            default -> throw noOperation(operation.operator(), left, right);
        };
    }

    /** A tuple has a value for each place; anything else is the value of the only one. */
    private Object formatted(Object left, Object right) {
        if (!(left instanceof String format)) {
            throw noOperation("%", left, right);
        }
        return right instanceof Tuple tuple
                ? PercentFormat.of(format, tuple.items(), false, budget)
                : PercentFormat.of(format, List.of(right), isMapping(right), budget);
    }

    /** What Python takes for a mapping here, which need not be used up. */
    private static boolean isMapping(Object value) {
        return !(value instanceof String || Values.isNumber(value) || value instanceof None);
    }

    private String joined(String first, String second) {
        budget.room((long) first.length() + second.length());
        return budget.made(first + second);
    }

    private Object sum(Object left, Object right) {
        if (left instanceof String first && right instanceof String second) {
            return joined(first, second);
        }
        if (left instanceof List<?> first && right instanceof List<?> second) {
            return concatenated(Values.list(first), Values.list(second));
        }
        if (left instanceof Tuple first && right instanceof Tuple second) {
            return new Tuple(concatenated(first.items(), second.items()));
        }
        throw noOperation("+", left, right);
    }

    private List<Object> concatenated(List<Object> first, List<Object> second) {
        budget.items((long) first.size() + second.size());
        List<Object> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    private Object repeated(Object value, Object count) {
        if (!Numbers.isWhole(count)) {
            throw noOperation("*", value, count);
        }
        long times = Math.clamp(Numbers.whole(count), 0, Budget.MAX_CHARS + 1L);
        if (value instanceof String text) {
            budget.room(text.length() * times);
            return budget.made(text.repeat(text.isEmpty() ? 0 : (int) times));
        }
        if (value instanceof List<?> list) {
            budget.items(list.size() * times);
            List<Object> result = new ArrayList<>();
            if (!list.isEmpty()) {
                Collections.nCopies((int) times, Values.list(list)).forEach(result::addAll);
            }
            return result;
        }
        throw noOperation("*", value, count);
    }

    private static TemplateException noOperation(String operator, Object left, Object right) {
        for (Object operand : List.of(left, right)) {
            if (operand instanceof Undefined undefined) {
                return undefined.failure();
            }
        }
        return TemplateException.failed("'" + operator + "' of " + Values.describe(left) + " and "
                + Values.describe(right) + " is not supported");
    }

    private boolean compare(Expression.Comparison comparison, Scope scope) {
        Object left = evaluate(comparison.first(), scope);
        for (Expression.Operand operand : comparison.operands()) {
            Object right = evaluate(operand.value(), scope);
            if (!compare(operand.operator(), left, right, budget)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    static boolean compare(String operator, Object left, Object right, Budget budget) {
        return switch (operator) {
            case "==" -> Values.equal(left, right, budget);
            case "!=" -> !Values.equal(left, right, budget);
            case "in" -> Values.contains(right, left, budget);
            case "not in" -> !Values.contains(right, left, budget);
            case "<" -> Values.compare(left, right, budget) < 0;
            case "<=" -> Values.compare(left, right, budget) <= 0;
            case ">" -> Values.compare(left, right, budget) > 0;
            default -> Values.compare(left, right, budget) >= 0;
        };
    }
}
