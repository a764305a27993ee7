package dev.limbic.preprocess.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What templates can put after {@code |}. */
final class Filters {
    private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]{1,18}");
    private static final Pattern REAL = Pattern.compile("[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?");
    private static final Pattern WORD = Pattern.compile("[-" + PythonText.SPACES + "({\\[<]+");

    /** Most values of the filter {@code format}. */
    private static final int MOST_FORMATTED = 16;

    static final Map<String, Builtin> BY_NAME = Builtin.byName(
            ofText("trim chars?", (s, a) -> PythonText.strip(s, a.get(0, None.NONE), true, true)),
            ofText("upper", (s, a) -> PythonText.upper(s)),
            ofText("lower", (s, a) -> PythonText.lower(s)),
            ofText("capitalize", (s, a) -> PythonText.capitalize(s)),
            ofText("title", (s, a) -> title(s)),
            ofText("string", (s, a) -> s),
            Builtin.of("safe", (v, a, r) -> new SafeText(PythonText.print(v, r.budget()))),
            Builtin.of("format" + " *value?".repeat(MOST_FORMATTED), (v, a, r) -> formatted(v, a)),
            ofText("replace old new count?", Methods::replace),
            Builtin.of("indent width? first? blank?", (v, a, r) -> indent(v, a)),
            Builtin.of("length", (v, a, r) -> Values.length(v, r.budget())),
            Builtin.of("count", (v, a, r) -> Values.length(v, r.budget())),
            Builtin.of("first", (v, a, r) -> {
                List<Object> items = Values.items(v, r.budget());
                return items.isEmpty() ? new Undefined("the first item") : items.getFirst();
            }),
            Builtin.of("last", (v, a, r) -> {
                List<Object> items = Values.items(reversible(v), r.budget());
                return items.isEmpty() ? new Undefined("the last item") : items.getLast();
            }),
            Builtin.of("reverse", (v, a, r) -> reverse(v, r.budget())),
            Builtin.of("join d? attribute?", (v, a, r) -> join(v, a)),
            Builtin.of("default default_value? boolean?", (v, a, r) -> otherwise(v, a)),
            Builtin.of("d default_value? boolean?", (v, a, r) -> otherwise(v, a)),
            Builtin.of("tojson ensure_ascii? indent? separators? sort_keys?", (v, a, r) -> JsonText.of(v, a)),
            Builtin.of("list", (v, a, r) -> new ArrayList<>(Values.items(v, r.budget()))),
            Builtin.of("int default?", (v, a, r) -> integer(v, a.get(0, 0L))),
            Builtin.of("abs", (v, a, r) -> absolute(v)),
            Builtin.of("items", (v, a, r) -> pairs(v, r.budget(), false)),
            Builtin.of("dictsort", (v, a, r) -> pairs(v, r.budget(), true)),
            Builtin.of("sort reverse? case_sensitive? attribute?", (v, a, r) -> sort(v, a)),
            Builtin.of("unique case_sensitive? attribute?", (v, a, r) -> unique(v, a)),
            Builtin.of("map *filter? attribute? default?", Filters::map),
            Builtin.of("select *test? *argument?", (v, a, r) -> select(v, a, r, false, true)),
            Builtin.of("reject *test? *argument?", (v, a, r) -> select(v, a, r, false, false)),
            Builtin.of("selectattr *attribute *test? *argument?", (v, a, r) -> select(v, a, r, true, true)),
            Builtin.of("rejectattr *attribute *test? *argument?", (v, a, r) -> select(v, a, r, true, false)));

    private Filters() {}

    /** A filter that takes what its value prints. */
    private interface OfText {
        Object apply(String text, Arguments arguments);
    }

    private static Builtin ofText(String signature, OfText filter) {
        return Builtin.of(signature, (value, arguments, rendering) -> {
            String text = PythonText.print(value, rendering.budget());
            rendering.budget().read(text);
            String result = rendering.budget().made((String) filter.apply(text, arguments));
            return value instanceof SafeText ? new SafeText(result) : result;
        });
    }

    private static Object formatted(Object value, Arguments arguments) {
        List<Object> values = new ArrayList<>();
        for (int i = 0; arguments.has(i); i++) {
            values.add(arguments.get(i));
        }
        String format = PythonText.print(value, arguments.budget());
        return PercentFormat.of(format, values, false, arguments.budget());
    }

    /** Jinja's own: words begin after a space, a hyphen or an opening bracket, and so not after an apostrophe. */
    private static String title(String text) {
        StringBuilder result = new StringBuilder(text.length());
        Matcher between = WORD.matcher(text);
        int from = 0;
        while (between.find()) {
            result.append(PythonText.capitalizedWord(text.substring(from, between.start())))
                    .append(between.group());
            from = between.end();
        }
        return result.append(PythonText.capitalizedWord(text.substring(from))).toString();
    }

    private static Object indent(Object value, Arguments arguments) {
        if (!(value instanceof String text)) {
            throw TemplateException.failed("'indent': expected a string, found " + Values.describe(value));
        }
        boolean given = arguments.has(0) && arguments.get(0) instanceof String;
        String margin =
                given ? arguments.text(0) : " ".repeat(Math.clamp(arguments.integer(0, 4), 0, Budget.MAX_DEPTH));
        boolean blank = arguments.truth(2, false);
        List<Object> lines = Methods.lines(text + "\n", arguments.budget());
        arguments.budget().room(text.length() + (long) lines.size() * (margin.length() + 1));
        StringBuilder result = new StringBuilder(arguments.truth(1, false) ? margin : "");
        for (int i = 0; i < lines.size(); i++) {
            String line = (String) lines.get(i);
            result.append(i == 0 ? "" : "\n")
                    .append(i == 0 || (line.isEmpty() && !blank) ? "" : margin)
                    .append(line);
        }
        return arguments.budget().made(result.toString());
    }

    private static Object reversible(Object value) {
        if (value instanceof Iteration iteration) {
            iteration.counted();
        }
        return value;
    }

    private static Object reverse(Object value, Budget budget) {
        if (value instanceof String text) {
            return budget.made(new StringBuilder(text).reverse().toString());
        }
        List<Object> items = new ArrayList<>(Values.items(value, budget));
        Collections.reverse(items);
        return new Iteration(items, Iteration.Kind.GENERATOR);
    }

    private static Object join(Object value, Arguments arguments) {
        Budget budget = arguments.budget();
        String separator = arguments.has(0) ? PythonText.print(arguments.get(0), budget) : "";
        StringBuilder text = new StringBuilder();
        List<Object> items = Values.items(value, budget);
        for (int i = 0; i < items.size(); i++) {
            String part = PythonText.print(part(items.get(i), arguments, 1), budget);
            budget.room(text.length() + (long) separator.length() + part.length());
            text.append(i == 0 ? "" : separator).append(part);
        }
        return budget.made(text.toString());
    }

    /** The item itself, or what the attribute given as argument leads to. */
    private static Object part(Object item, Arguments arguments, int attribute) {
        return arguments.get(attribute, None.NONE) instanceof None
                ? item
                : Access.path(item, arguments.get(attribute), arguments.budget());
    }

    private static Object otherwise(Object value, Arguments arguments) {
        boolean absent = value instanceof Undefined || (arguments.truth(1, false) && !Values.truth(value));
        return absent ? arguments.get(0, "") : value;
    }

    private static Object integer(Object value, Object otherwise) {
        return switch (value) {
            case Undefined undefined -> throw undefined.failure();
            case Long n -> n;
            case Boolean b -> b ? 1L : 0L;
            case Double d -> whole(d);
            case String s -> {
                String text = PythonText.strip(s, None.NONE, true, true);
                if (WHOLE.matcher(text).matches()) {
                    yield Long.parseLong(text);
                }
                if (REAL.matcher(text).matches()) {
                    yield whole(Double.parseDouble(text));
                }
                // What Python might still read as a number: other digits, 1_000, inf.
                if (text.chars().anyMatch(c -> c > '~') || text.matches("[+-]?(?:[0-9].*_.*|(?i)inf.*|(?i)nan)")) {
                    throw TemplateException.failed("'int' of a string in that writing is not supported");
                }
                yield otherwise;
            }
            default -> otherwise;
        };
    }

    private static Long whole(double value) {
        if (!(Math.abs(value) < 1e18)) {
            throw TemplateException.failed("an integer beyond 64 bits");
        }
        return (long) value;
    }

    private static Object absolute(Object value) {
        if (!Values.isNumber(value)) {
            throw TemplateException.failed("'abs': expected a number, found " + Values.describe(value));
        }
        return Numbers.isWhole(value)
                ? (Object) Math.abs(Numbers.whole(value))
                : (Object) Math.abs(Numbers.real(value));
    }

    private static Object pairs(Object value, Budget budget, boolean sorted) {
        if (value instanceof Undefined && !sorted) {
            return new Iteration(List.of(), Iteration.Kind.GENERATOR);
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw TemplateException.failed("cannot take pairs of " + Values.describe(value));
        }
        List<Object> pairs = Methods.pairs(map);
        budget.items(pairs.size());
        if (!sorted) {
            return new Iteration(pairs, Iteration.Kind.GENERATOR);
        }
        pairs.sort(Comparator.comparing(pair -> small(((Tuple) pair).items().getFirst()), order(budget)));
        return pairs;
    }

    private static Comparator<Object> order(Budget budget) {
        return (a, b) -> Values.compare(a, b, budget);
    }

    private static Object small(Object value) {
        return value instanceof String text ? PythonText.lower(text) : value;
    }

    private static Object key(Object item, Arguments arguments, int caseSensitive, int attribute) {
        Object value = part(item, arguments, attribute);
        return arguments.truth(caseSensitive, false) ? value : small(value);
    }

    private static Object sort(Object value, Arguments arguments) {
        List<Object> items = new ArrayList<>(Values.items(value, arguments.budget()));
        Comparator<Object> order = Comparator.comparing(item -> key(item, arguments, 1, 2), order(arguments.budget()));
        // Python's order is stable in reverse, too, and so is a reversed comparator.
        items.sort(arguments.truth(0, false) ? order.reversed() : order);
        return items;
    }

    private static Object unique(Object value, Arguments arguments) {
        List<Object> keys = new ArrayList<>();
        List<Object> result = new ArrayList<>();
        for (Object item : Values.items(value, arguments.budget())) {
            Object key = key(item, arguments, 0, 1);
            if (keys.stream().noneMatch(k -> Values.equal(k, key, arguments.budget()))) {
                keys.add(key);
                result.add(item);
            }
        }
        return new Iteration(result, Iteration.Kind.GENERATOR);
    }

    private static Object map(Object value, Arguments arguments, Rendering rendering) {
        if (arguments.has(0) == arguments.has(1) || (arguments.has(0) && arguments.has(2))) {
            throw TemplateException.failed("'map': expected a filter without arguments, or an attribute");
        }
        List<Object> result = new ArrayList<>();
        Builtin filter = arguments.has(0) ? named(BY_NAME, arguments, 0, 0) : null;
        for (Object item : Values.items(value, rendering.budget())) {
            if (filter != null) {
                result.add(filter.apply(item, List.of(), rendering));
                continue;
            }
            Object found = Access.path(item, arguments.get(1), rendering.budget());
            result.add(found instanceof Undefined ? arguments.get(2, found) : found);
        }
        return new Iteration(result, Iteration.Kind.GENERATOR);
    }

    private static Object select(
            Object value, Arguments arguments, Rendering rendering, boolean ofAttribute, boolean wanted) {
        int at = ofAttribute ? 1 : 0;
        List<@Nullable Object> rest = arguments.has(at + 1) ? List.of(arguments.get(at + 1)) : List.of();
        Builtin test = arguments.has(at) ? named(Predicates.BY_NAME, arguments, at, rest.size()) : null;
        List<Object> result = new ArrayList<>();
        for (Object item : Values.items(value, rendering.budget())) {
            Object asked = ofAttribute ? Access.path(item, arguments.get(0), rendering.budget()) : item;
            if (Values.truth(test == null ? asked : test.apply(asked, rest, rendering)) == wanted) {
                result.add(item);
            }
        }
        return new Iteration(result, Iteration.Kind.GENERATOR);
    }

    private static Builtin named(Map<String, Builtin> builtins, Arguments arguments, int index, int given) {
        Builtin found = builtins.get(arguments.text(index));
        if (found == null
                || given < found.required()
                || given > found.parameters().size()) {
            throw TemplateException.failed(
                    "'" + arguments.caller() + "' with '" + arguments.text(index) + "' is not supported");
        }
        return found;
    }
}
