package dev.limbic.preprocess.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The language's values are {@link None}, {@link Undefined}, Boolean, Long, Double, String, List, {@link Tuple}, Map with
 * keys String and Long, {@link SafeText}, {@link Namespace}, {@link Iteration}, {@link LoopState} and {@link MacroValue}. What is asked of
 * all kinds is answered here by Python's rules.
 */
final class Values {
    private Values() {}

    /** The value of an object from outside: JSON's kinds. */
    static Object of(@Nullable Object given, int depth) {
        if (depth > Budget.MAX_DEPTH) {
            throw TemplateException.failed("a variable is nested more than " + Budget.MAX_DEPTH + " deep");
        }
        return switch (given) {
            case null -> None.NONE;
            case Boolean b -> b;
            case String s -> s;
            case Long n -> n;
            case Integer n -> n.longValue();
            case Double d -> d;
            case Float f -> f.doubleValue();
            case Map<?, ?> map -> {
                Map<Object, Object> copy = new LinkedHashMap<>();
                map.forEach((key, value) -> copy.put(Objects.toString(key), of(value, depth + 1)));
                yield copy;
            }
            case Iterable<?> list -> {
                List<Object> copy = new ArrayList<>();
                list.forEach(item -> copy.add(of(item, depth + 1)));
                yield copy;
            }
            default ->
                throw new IllegalArgumentException(
                        "a template's variable cannot be a " + given.getClass().getName());
        };
    }

    /** The kind of a value, for messages: a value itself may be a user's text. */
    static String describe(Object value) {
        return switch (value) {
            case None none -> "none";
            case Undefined undefined -> "'" + undefined.name() + "', which is undefined";
            case Boolean b -> "a boolean";
            case Long n -> "an integer";
            case Double d -> "a float";
            case String s -> "a string";
            case List<?> l -> "a list";
            case Tuple t -> "a tuple";
            case Map<?, ?> m -> "a mapping";
            case Namespace n -> "a namespace";
            case LoopState l -> "a loop";
            case MacroValue m -> "a macro";
            case Builtin b -> "a function";
            default -> "the answer of a filter";
        };
    }

    static boolean truth(Object value) {
        return switch (value) {
            case None none -> false;
            case Undefined undefined -> false;
            case Boolean b -> b;
            case Long n -> n != 0;
            case Double d -> d != 0;
            case String s -> !s.isEmpty();
            case SafeText s -> !s.text().isEmpty();
            case List<?> l -> !l.isEmpty();
            case Tuple t -> !t.items().isEmpty();
            case Map<?, ?> m -> !m.isEmpty();
            case Iteration i ->
                i.kind() == Iteration.Kind.GENERATOR || !i.counted().isEmpty();
            default -> true;
        };
    }

    static boolean equal(Object a, Object b, Budget budget) {
        return equal(a, b, budget, 0);
    }

    private static boolean equal(Object a, Object b, Budget budget, int depth) {
        budget.step();
        requireDepth(depth);
        SafeText.refused(a, "a comparison");
        SafeText.refused(b, "a comparison");
        if (a instanceof String s && b instanceof String t) {
            budget.read(s);
            return s.equals(t);
        }
        if (isNumber(a) && isNumber(b)) {
            return Numbers.compare(a, b) == 0;
        }
        if (a instanceof List<?> s && b instanceof List<?> t) {
            return allEqual(s, t, budget, depth);
        }
        if (a instanceof Tuple s && b instanceof Tuple t) {
            return allEqual(s.items(), t.items(), budget, depth);
        }
        if (a instanceof Map<?, ?> s && b instanceof Map<?, ?> t) {
            if (s.size() != t.size()) {
                return false;
            }
            for (Map.Entry<?, ?> entry : s.entrySet()) {
                Object other = t.get(entry.getKey());
                if (other == null || !equal(value(entry.getValue()), other, budget, depth + 1)) {
                    return false;
                }
            }
            return true;
        }
        if (a instanceof Iteration || b instanceof Iteration) {
            throw TemplateException.failed("the answer of a filter is compared; it needs '| list'");
        }
        return a.equals(b) || (a instanceof Undefined && b instanceof Undefined);
    }

    private static boolean allEqual(List<?> a, List<?> b, Budget budget, int depth) {
        if (a.size() != b.size()) {
            return false;
        }
        for (int i = 0; i < a.size(); i++) {
            if (!equal(value(a.get(i)), value(b.get(i)), budget, depth + 1)) {
                return false;
            }
        }
        return true;
    }

    /** An item of a collection whose kind of items the compiler does not know. */
    static Object value(@Nullable Object item) {
        return Objects.requireNonNull(item);
    }

    static void requireDepth(int depth) {
        if (depth > Budget.MAX_DEPTH) {
            throw TemplateException.failed("a value is nested more than " + Budget.MAX_DEPTH + " deep");
        }
    }

    static boolean isNumber(Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean;
    }

    /** Order of two numbers or two strings. */
    static int compare(Object a, Object b, Budget budget) {
        if (isNumber(a) && isNumber(b)) {
            return Numbers.compare(a, b);
        }
        if (a instanceof String s && b instanceof String t) {
            budget.read(s);
            return PythonText.compare(s, t);
        }
        throw TemplateException.failed("cannot order " + describe(a) + " and " + describe(b));
    }

    /** What is in a value, to go through it. */
    static List<Object> items(Object value, Budget budget) {
        List<Object> items = switch (value) {
            case Undefined undefined -> List.of();
            case String s -> {
                budget.items(s.length());
                yield PythonText.characters(s);
            }
            case List<?> l -> list(l);
            case Tuple t -> t.items();
            case Map<?, ?> m -> List.<Object>copyOf(m.keySet());
            case Iteration i -> i.take();
            default -> throw TemplateException.failed("cannot go through " + describe(value));
        };
        budget.items(items.size());
        return items;
    }

    /** All lists here are of values. */
    @SuppressWarnings("unchecked")
    static List<Object> list(List<?> list) {
        return (List<Object>) list;
    }

    static long length(Object value, Budget budget) {
        return switch (value) {
            case Undefined undefined -> 0;
            case String s -> {
                budget.read(s);
                yield s.codePointCount(0, s.length());
            }
            case List<?> l -> l.size();
            case Tuple t -> t.items().size();
            case Map<?, ?> m -> m.size();
            case Iteration i -> i.counted().size();
            default -> throw TemplateException.failed(describe(value) + " has no length");
        };
    }

    static boolean contains(Object container, Object item, Budget budget) {
        if (container instanceof String text) {
            if (item instanceof String part) {
                budget.read(text);
                return text.contains(part);
            }
            throw TemplateException.failed("cannot look for " + describe(item) + " in a string");
        }
        if (container instanceof Map<?, ?> map) {
            requireKey(item);
            return map.containsKey(key(item));
        }
        for (Object each : items(container, budget)) {
            if (equal(each, item, budget)) {
                return true;
            }
        }
        return false;
    }

    private static void requireKey(Object key) {
        if (key instanceof List<?> || key instanceof Map<?, ?>) {
            throw TemplateException.failed(describe(key) + " is no key of a mapping");
        }
    }

    /** The key that finds the same entry: 1, 1.0 and true are one key. */
    static Object key(Object value) {
        return switch (value) {
            case Boolean b -> b ? 1L : 0L;
            case Double d when d == Math.rint(d) && Math.abs(d) < 1e15 -> (long) (double) d;
            default -> value;
        };
    }
}
