package dev.limbic.preprocess.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Looking into values: {@code a.b}, {@code a[b]} and {@code a[b:c:d]}. */
final class Access {
    /**
     * What is a method in Python without a call would be a function; such a value is never meant. Of a mapping such a name
     * is no key after a dot either.
     */
    private static final Set<String> MAPPING = Set.of(
            "clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values");

    private static final Set<String> LIST =
            Set.of("append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort");

    private static final Set<String> STRING = Set.of(
            "capitalize",
            "casefold",
            "center",
            "count",
            "encode",
            "endswith",
            "expandtabs",
            "find",
            "format",
            "format_map",
            "index",
            "isalnum",
            "isalpha",
            "isascii",
            "isdecimal",
            "isdigit",
            "isidentifier",
            "islower",
            "isnumeric",
            "isprintable",
            "isspace",
            "istitle",
            "isupper",
            "join",
            "ljust",
            "lower",
            "lstrip",
            "maketrans",
            "partition",
            "removeprefix",
            "removesuffix",
            "replace",
            "rfind",
            "rindex",
            "rjust",
            "rpartition",
            "rsplit",
            "rstrip",
            "split",
            "splitlines",
            "startswith",
            "strip",
            "swapcase",
            "title",
            "translate",
            "upper",
            "zfill");

    private static final Set<String> NUMBER = Set.of(
            "real",
            "imag",
            "numerator",
            "denominator",
            "bit_length",
            "bit_count",
            "conjugate",
            "to_bytes",
            "from_bytes",
            "as_integer_ratio",
            "is_integer",
            "hex",
            "fromhex");

    private Access() {}

    static Object attribute(Object target, String name) {
        return switch (target) {
            case Undefined undefined -> throw undefined.failure();
            case Map<?, ?> map -> {
                requireNoMethod(MAPPING, name);
                yield entry(map, name);
            }
            case Namespace namespace -> namespace.get(name);
            case LoopState loop -> loop.attribute(name);
            case Iteration iteration ->
                throw TemplateException.failed("the answer of a filter has no '" + name + "'; it needs '| list'");
            case MacroValue macro -> throw TemplateException.failed("'" + name + "' of a macro is not supported");
            case Builtin builtin -> throw TemplateException.failed("'" + name + "' of a function is not supported");
            default -> {
                requireNoMethod(methods(target), name);
                yield new Undefined(name);
            }
        };
    }

    private static Set<String> methods(Object target) {
        return switch (target) {
            case String s -> STRING;
            case List<?> l -> LIST;
            case Tuple t -> LIST;
            case Map<?, ?> m -> MAPPING;
            default -> Values.isNumber(target) ? NUMBER : Set.of();
        };
    }

    private static void requireNoMethod(Set<String> methods, String name) {
        if (methods.contains(name)) {
            throw TemplateException.failed("the method '" + name + "' without a call is not supported");
        }
    }

    static Object item(Object target, Object key, Budget budget) {
        if (target instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (target instanceof Map<?, ?> map) {
            Object value = entry(map, key);
            if (value instanceof Undefined && key instanceof String name) {
                requireNoMethod(MAPPING, name);
            }
            return value;
        }
        if (key instanceof String name) {
            return attribute(target, name);
        }
        Undefined absent = new Undefined("an item");
        if (!Numbers.isWhole(key)) {
            return absent;
        }
        long index = Numbers.whole(key);
        return switch (target) {
            case String s -> character(s, index, budget);
            case List<?> l -> at(l, index);
            case Tuple t -> at(t.items(), index);
            case Iteration i when i.kind() == Iteration.Kind.RANGE -> at(i.counted(), index);
            default -> absent;
        };
    }

    private static Object entry(Map<?, ?> map, Object key) {
        Object value = map.get(Values.key(key));
        return value == null ? new Undefined(key instanceof String name ? name : "an item") : value;
    }

    private static Object at(List<?> list, long index) {
        long from = index < 0 ? index + list.size() : index;
        return from < 0 || from >= list.size() ? new Undefined("an item") : Values.value(list.get((int) from));
    }

    private static Object character(String text, long index, Budget budget) {
        budget.read(text);
        int length = text.codePointCount(0, text.length());
        long from = index < 0 ? index + length : index;
        if (from < 0 || from >= length) {
            return new Undefined("an item");
        }
        return Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) from)));
    }

    static Object slice(Object target, Object from, Object to, Object step, Budget budget) {
        return switch (target) {
            case Undefined undefined -> throw undefined.failure();
            case List<?> l -> sliced(Values.list(l), from, to, step, budget);
            case Tuple t -> new Tuple(sliced(t.items(), from, to, step, budget));
            case String s -> {
                budget.read(s);
                if (step instanceof None && s.codePointCount(0, s.length()) == s.length()) {
                    int begin = bound(from, 0, s.length(), 0, s.length());
                    int end = bound(to, s.length(), s.length(), 0, s.length());
                    yield budget.made(begin < end ? s.substring(begin, end) : "");
                }
                int[] points = s.codePoints().toArray();
                StringBuilder text = new StringBuilder();
                for (int i : indices(points.length, from, to, step, budget)) {
                    text.appendCodePoint(points[i]);
                }
                yield budget.made(text.toString());
            }
            default -> throw TemplateException.failed("cannot take a part of " + Values.describe(target));
        };
    }

    private static List<Object> sliced(List<Object> items, Object from, Object to, Object step, Budget budget) {
        List<Object> result = new ArrayList<>();
        for (int i : indices(items.size(), from, to, step, budget)) {
            result.add(items.get(i));
        }
        budget.items(result.size());
        return result;
    }

    private static int[] indices(int size, Object from, Object to, Object step, Budget budget) {
        int by = bound(step, 1, 0, Integer.MIN_VALUE, Integer.MAX_VALUE);
        if (by == 0) {
            throw TemplateException.failed("a part with steps of zero");
        }
        budget.spend(size / 4);
        int lowest = by < 0 ? -1 : 0;
        int highest = by < 0 ? size - 1 : size;
        int begin = bound(from, by < 0 ? size - 1 : 0, size, lowest, highest);
        int end = to instanceof None && by < 0 ? -1 : bound(to, size, size, lowest, highest);
        List<Integer> result = new ArrayList<>();
        for (long i = begin; by < 0 ? i > end : i < end; i += by) {
            result.add((int) i);
        }
        return result.stream().mapToInt(Integer::intValue).toArray();
    }

    private static int bound(Object value, int usual, int size, int lowest, int highest) {
        if (value instanceof None) {
            return usual;
        }
        if (!Numbers.isWhole(value)) {
            throw TemplateException.failed("a part's bound is " + Values.describe(value) + ", not an integer");
        }
        long index = Numbers.whole(value);
        return Math.clamp(index < 0 ? index + size : index, lowest, highest);
    }

    /** What a path such as {@code a.b} leads to, as filters with an attribute read it. */
    static Object path(Object target, Object path, Budget budget) {
        if (!(path instanceof String names)) {
            return item(target, path, budget);
        }
        Object value = target;
        for (String name : names.split("\\.", -1)) {
            boolean index =
                    !name.isEmpty() && name.length() < 10 && name.chars().allMatch(c -> c >= '0' && c <= '9');
            value = item(value, index ? Long.valueOf(name) : name, budget);
        }
        return value;
    }
}
