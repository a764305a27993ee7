package dev.limbic.preprocess.jinja;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Functions that templates can call. */
final class Functions {
    /** Those whose named arguments are entries of a mapping. */
    static final Set<String> WITH_ENTRIES = Set.of("namespace", "dict");

    static final Map<String, Builtin> BY_NAME = Builtin.byName(
            Builtin.of("raise_exception *message", (target, arguments, rendering) -> {
                throw new TemplateException(
                        TemplateException.Kind.RAISED, PythonText.print(arguments.get(0), rendering.budget()));
            }),
            Builtin.of("namespace *entries? *named?", (target, arguments, rendering) -> {
                Namespace namespace = new Namespace();
                entries(arguments).forEach((key, value) -> {
                    if (!(key instanceof String name)) {
                        throw TemplateException.failed("a namespace's name is " + Values.describe(key));
                    }
                    namespace.set(name, value);
                });
                return namespace;
            }),
            Builtin.of("dict *entries? *named?", (target, arguments, rendering) -> entries(arguments)),
            Builtin.of("range *from *to? *step?", (target, arguments, rendering) -> range(arguments)),
            Builtin.of(
                    "strftime_now *format",
                    (target, arguments, rendering) ->
                            time(arguments.text(0), rendering.clock().get())));

    private Functions() {}

    private static Map<Object, Object> entries(Arguments arguments) {
        Map<Object, Object> all = new LinkedHashMap<>();
        for (int i = 0; i < 2; i++) {
            if (arguments.has(i)) {
                if (!(arguments.get(i) instanceof Map<?, ?> map)) {
                    throw TemplateException.failed("'" + arguments.caller() + "': expected a mapping, found "
                            + Values.describe(arguments.get(i)));
                }
                arguments.budget().items(map.size());
                map.forEach((key, value) -> all.put(Values.value(key), Values.value(value)));
            }
        }
        return all;
    }

    private static Object range(Arguments arguments) {
        long first = arguments.integer(0, 0);
        boolean both = arguments.has(1);
        long from = both ? first : 0;
        long to = both ? arguments.integer(1, 0) : first;
        long step = arguments.integer(2, 1);
        if (step == 0) {
            throw TemplateException.failed("'range': a step of zero");
        }
        long count = Math.max(0, step > 0 ? Math.ceilDiv(to - from, step) : Math.ceilDiv(from - to, -step));
        arguments.budget().items(count);
        List<Object> numbers = new ArrayList<>((int) count);
        for (int i = 0; i < count; i++) {
            numbers.add(from + i * step);
        }
        return new Iteration(numbers, Iteration.Kind.RANGE);
    }

    /** {@code strftime} in English, for what templates write. */
    static String time(String format, LocalDateTime time) {
        StringBuilder text = new StringBuilder();
        int i = 0;
        while (i < format.length()) {
            char c = format.charAt(i++);
            if (c != '%') {
                text.append(c);
                continue;
            }
            boolean bare = format.startsWith("-", i);
            i += bare ? 1 : 0;
            if (i == format.length()) {
                throw TemplateException.failed("a '%' at the end in 'strftime_now' is not supported");
            }
            char field = format.charAt(i++);
            text.append(bare ? withoutZeros(time, field) : field(time, field));
        }
        return text.toString();
    }

    private static String withoutZeros(LocalDateTime time, char field) {
        if ("dmHIMSyj".indexOf(field) < 0) {
            throw TemplateException.failed("'%-" + field + "' in 'strftime_now' is not supported");
        }
        return String.valueOf(Integer.parseInt(field(time, field)));
    }

    private static String field(LocalDateTime time, char field) {
        return switch (field) {
            case 'Y' -> String.valueOf(time.getYear());
            case 'y' -> digits(2, time.getYear() % 100);
            case 'm' -> digits(2, time.getMonthValue());
            case 'd' -> digits(2, time.getDayOfMonth());
            case 'j' -> digits(3, time.getDayOfYear());
            case 'H' -> digits(2, time.getHour());
            case 'I' -> digits(2, (time.getHour() + 11) % 12 + 1);
            case 'M' -> digits(2, time.getMinute());
            case 'S' -> digits(2, time.getSecond());
            case 'p' -> time.getHour() < 12 ? "AM" : "PM";
            case 'B' -> time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            // Not the locale's: it would say "Sept".
            case 'b' -> field(time, 'B').substring(0, 3);
            case 'A' -> time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'a' -> field(time, 'A').substring(0, 3);
            case 'F' -> time("%Y-%m-%d", time);
            case 'T' -> time("%H:%M:%S", time);
            case '%' -> "%";
            default -> throw TemplateException.failed("'%" + field + "' in 'strftime_now' is not supported");
        };
    }

    private static String digits(int count, int number) {
        return String.format(Locale.ROOT, "%0" + count + "d", number);
    }
}
