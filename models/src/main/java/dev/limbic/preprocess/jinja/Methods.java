package dev.limbic.preprocess.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Methods of strings and mappings that templates can call. */
final class Methods {
    static final Map<String, Builtin> BY_NAME = Builtin.byName(
            ofString("strip *chars?", (s, a) -> a.budget().made(PythonText.strip(s, a.get(0, None.NONE), true, true))),
            ofString(
                    "lstrip *chars?", (s, a) -> a.budget().made(PythonText.strip(s, a.get(0, None.NONE), true, false))),
            ofString(
                    "rstrip *chars?", (s, a) -> a.budget().made(PythonText.strip(s, a.get(0, None.NONE), false, true))),
            ofString("split sep? maxsplit?", (s, a) -> split(s, a, false)),
            ofString("rsplit sep? maxsplit?", (s, a) -> split(s, a, true)),
            ofString("splitlines", (s, a) -> lines(s, a.budget())),
            ofString("startswith *prefix", (s, a) -> candidates(a).stream().anyMatch(s::startsWith)),
            ofString("endswith *suffix", (s, a) -> candidates(a).stream().anyMatch(s::endsWith)),
            ofString("upper", (s, a) -> a.budget().made(PythonText.upper(s))),
            ofString("lower", (s, a) -> a.budget().made(PythonText.lower(s))),
            ofString("title", (s, a) -> a.budget().made(PythonText.title(s))),
            ofString("capitalize", (s, a) -> a.budget().made(PythonText.capitalize(s))),
            ofString("replace *old *new *count?", Methods::replace),
            ofString("join *iterable", Methods::join),
            ofString("find *sub", (s, a) -> {
                int at = s.indexOf(a.text(0));
                return at < 0 ? -1L : (long) s.codePointCount(0, at);
            }),
            ofString("count *sub", (s, a) -> {
                if (a.text(0).isEmpty()) {
                    throw TemplateException.failed("'count' of an empty string is not supported");
                }
                return cut(s, a.text(0), -1, a.budget()).size() - 1L;
            }),
            ofString(
                    "removeprefix *prefix",
                    (s, a) -> s.startsWith(a.text(0)) ? s.substring(a.text(0).length()) : s),
            ofString(
                    "removesuffix *suffix",
                    (s, a) -> s.endsWith(a.text(0))
                            ? s.substring(0, s.length() - a.text(0).length())
                            : s),
            ofMapping("get *key *default?", (m, a) -> {
                Object value = m.get(Values.key(a.get(0)));
                return value == null ? a.get(1, None.NONE) : value;
            }),
            ofMapping("items", (m, a) -> view(pairs(m))),
            ofMapping("keys", (m, a) -> view(List.copyOf(m.keySet()))),
            ofMapping("values", (m, a) -> view(List.copyOf(m.values()))));

    private Methods() {}

    /** A method of a string. */
    private interface OfString {
        Object call(String text, Arguments arguments);
    }

    /** A method of a mapping. */
    private interface OfMapping {
        Object call(Map<?, ?> map, Arguments arguments);
    }

    private static Builtin ofString(String signature, OfString method) {
        return Builtin.of(signature, (target, arguments, rendering) -> {
            if (target instanceof String text) {
                arguments.budget().read(text);
                return method.call(text, arguments);
            }
            throw wrongTarget(target, arguments);
        });
    }

    private static Builtin ofMapping(String signature, OfMapping method) {
        return Builtin.of(signature, (target, arguments, rendering) -> {
            if (target instanceof Map<?, ?> map) {
                arguments.budget().spend(map.size());
                return method.call(map, arguments);
            }
            throw wrongTarget(target, arguments);
        });
    }

    private static TemplateException wrongTarget(Object target, Arguments arguments) {
        if (target instanceof Undefined undefined) {
            return undefined.failure();
        }
        return TemplateException.failed(
                Values.describe(target) + " has no method '" + arguments.caller() + "' that is supported");
    }

    private static Iteration view(List<?> items) {
        return new Iteration(Values.list(items), Iteration.Kind.VIEW);
    }

    static List<Object> pairs(Map<?, ?> map) {
        List<Object> pairs = new ArrayList<>();
        map.forEach((key, value) -> pairs.add(new Tuple(List.of(Values.value(key), Values.value(value)))));
        return pairs;
    }

    private static List<String> candidates(Arguments arguments) {
        Object wanted = arguments.get(0);
        List<Object> all = wanted instanceof Tuple tuple ? tuple.items() : List.of(wanted);
        List<String> texts = new ArrayList<>();
        for (Object each : all) {
            if (!(each instanceof String text)) {
                throw TemplateException.failed(
                        "'" + arguments.caller() + "': expected a string, found " + Values.describe(each));
            }
            texts.add(text);
        }
        return texts;
    }

    static Object replace(String text, Arguments arguments) {
        Budget budget = arguments.budget();
        String old = arguments.text(0);
        String replacement = arguments.text(1);
        int limit = arguments.get(2, None.NONE) instanceof None ? -1 : arguments.integer(2, -1);
        List<Object> parts = old.isEmpty() ? between(text, limit) : cut(text, old, limit, budget);
        budget.room(text.length() + (parts.size() - 1L) * replacement.length());
        StringBuilder result = new StringBuilder();
        for (int i = 0; i < parts.size(); i++) {
            result.append(i == 0 ? "" : replacement).append(parts.get(i));
        }
        return budget.made(result.toString());
    }

    /** Parts of a text where nothing is replaced by something: before, between and after its characters. */
    private static List<Object> between(String text, int limit) {
        List<Object> parts = new ArrayList<>();
        parts.add("");
        int from = 0;
        while (from < text.length() && (limit < 0 || parts.size() < limit)) {
            int to = text.offsetByCodePoints(from, 1);
            parts.add(text.substring(from, to));
            from = to;
        }
        if (limit == 0) {
            return List.of(text);
        }
        parts.add(text.substring(from));
        return parts;
    }

    private static List<Object> cut(String whole, String separator, int limit, Budget budget) {
        List<Object> parts = new ArrayList<>();
        int from = 0;
        for (int at = whole.indexOf(separator); at >= 0 && (limit < 0 || parts.size() < limit); ) {
            parts.add(whole.substring(from, at));
            from = at + separator.length();
            at = whole.indexOf(separator, from);
        }
        parts.add(whole.substring(from));
        budget.items(parts.size());
        return parts;
    }

    private static Object split(String text, Arguments arguments, boolean fromRight) {
        int limit = arguments.integer(1, -1);
        if (arguments.get(0, None.NONE) instanceof None) {
            if (fromRight && limit >= 0) {
                throw TemplateException.failed("'rsplit' at white space with a limit is not supported");
            }
            return words(text, limit, arguments.budget());
        }
        String separator = arguments.text(0);
        if (separator.isEmpty()) {
            throw TemplateException.failed("'" + arguments.caller() + "' with an empty separator");
        }
        if (!fromRight || limit < 0) {
            return cut(text, separator, limit, arguments.budget());
        }
        List<Object> parts = new ArrayList<>();
        int to = text.length();
        for (int at = text.lastIndexOf(separator); at >= 0 && parts.size() < limit; ) {
            parts.add(text.substring(at + separator.length(), to));
            to = at;
            at = at < separator.length() ? -1 : text.lastIndexOf(separator, at - separator.length());
        }
        parts.add(text.substring(0, to));
        Collections.reverse(parts);
        arguments.budget().items(parts.size());
        return parts;
    }

    private static List<Object> words(String text, int limit, Budget budget) {
        List<Object> words = new ArrayList<>();
        String rest = PythonText.strip(text, None.NONE, true, false);
        while (!rest.isEmpty()) {
            if (limit >= 0 && words.size() == limit) {
                words.add(rest);
                break;
            }
            int end = 0;
            while (end < rest.length() && !PythonText.isSpace(rest.charAt(end))) {
                end++;
            }
            words.add(rest.substring(0, end));
            int next = end;
            while (next < rest.length() && PythonText.isSpace(rest.charAt(next))) {
                next++;
            }
            budget.read(rest);
            rest = rest.substring(next);
        }
        budget.items(words.size());
        return words;
    }

    /** Lines without their ends. */
    static List<Object> lines(String text, Budget budget) {
        List<Object> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean ends =
                    (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
            if (ends) {
                lines.add(text.substring(from, i));
                if (c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n') {
                    i++;
                }
                from = i + 1;
            }
        }
        if (from < text.length()) {
            lines.add(text.substring(from));
        }
        budget.items(lines.size());
        return lines;
    }

    private static Object join(String separator, Arguments arguments) {
        Budget budget = arguments.budget();
        StringBuilder text = new StringBuilder();
        List<Object> items = Values.items(arguments.get(0), budget);
        for (int i = 0; i < items.size(); i++) {
            if (!(items.get(i) instanceof String part)) {
                throw TemplateException.failed("'join': expected strings, found " + Values.describe(items.get(i)));
            }
            budget.room(text.length() + (long) separator.length() + part.length());
            text.append(i == 0 ? "" : separator).append(part);
        }
        return budget.made(text.toString());
    }
}
