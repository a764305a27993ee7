package dev.limbic.preprocess.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code 'text with %s' % values}; keys in brackets and widths from values are refused by name. */
final class PercentFormat {
    private static final Pattern PLACE =
            Pattern.compile("%([-+ #0]*)([0-9]*)(?:\\.([0-9]*))?[hlL]?(.?)", Pattern.DOTALL);

    /** Most digits behind a point that are asked for; Python's own numbers end far before. */
    private static final int MAX_PRECISION = 1000;

    private final Budget budget;
    private final List<Object> values;
    private int taken;

    private PercentFormat(List<Object> values, Budget budget) {
        this.values = values;
        this.budget = budget;
    }

    /**
     * @param mayBeLeft whether a value that no place asks for is no error, as with a mapping or a list
     * @throws TemplateException if places and values do not fit, or as described above
     */
    static String of(String format, List<Object> values, boolean mayBeLeft, Budget budget) {
        budget.read(format);
        PercentFormat places = new PercentFormat(values, budget);
        StringBuilder text = new StringBuilder();
        Matcher place = PLACE.matcher(format);
        int from = 0;
        while (place.find(from)) {
            budget.step();
            text.append(format, from, place.start());
            String part = places.replaced(place);
            budget.room((long) text.length() + part.length());
            text.append(part);
            from = place.end();
        }
        text.append(format, from, format.length());
        if (places.taken < values.size() && !mayBeLeft) {
            throw TemplateException.failed("a format has fewer places than values");
        }
        return budget.made(text.toString());
    }

    private String replaced(Matcher place) {
        String flags = place.group(1);
        int width = number(place.group(2), Budget.MAX_CHARS);
        int precision = place.group(3) == null ? -1 : number(place.group(3), MAX_PRECISION);
        String kind = place.group(4);
        return switch (kind) {
            case "%" -> "%";
            case "s" -> padded(cut(PythonText.print(next(), budget), precision), flags, width);
            case "r" -> padded(cut(PythonText.represented(next(), budget), precision), flags, width);
            case "c" -> padded(character(next()), flags, width);
            case "d", "i", "u" -> signed(whole(kind, next()), "", precision, flags, width);
            case "x" -> signed(whole(kind, next()), flags.contains("#") ? "0x" : "", precision, flags, width, 16);
            case "X" ->
                signed(whole(kind, next()), flags.contains("#") ? "0X" : "", precision, flags, width, 16)
                        .toUpperCase(Locale.ROOT);
            case "o" -> signed(whole(kind, next()), flags.contains("#") ? "0o" : "", precision, flags, width, 8);
            case "e", "E", "f", "F", "g", "G" -> real(kind, next(), precision, flags, width);
            default -> throw TemplateException.failed("a format with '%" + kind + "' is not supported");
        };
    }

    private static int number(String digits, int most) {
        if (digits.length() > 9 || (!digits.isEmpty() && Integer.parseInt(digits) > most)) {
            throw TemplateException.failed("a format wider than " + most);
        }
        return digits.isEmpty() ? 0 : Integer.parseInt(digits);
    }

    private Object next() {
        if (taken == values.size()) {
            throw TemplateException.failed("a format has more places than values");
        }
        return values.get(taken++);
    }

    private static String cut(String text, int precision) {
        return precision < 0 || text.codePointCount(0, text.length()) <= precision
                ? text
                : text.substring(0, text.offsetByCodePoints(0, precision));
    }

    private static String character(Object value) {
        if (value instanceof String text && text.codePointCount(0, text.length()) == 1) {
            return text;
        }
        if (Values.isNumber(value) && Numbers.isWhole(value)) {
            long point = Numbers.whole(value);
            boolean real = point >= 0 && Character.isValidCodePoint((int) point) && (int) point == point;
            if (real && !(point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE)) {
                return Character.toString((int) point);
            }
        }
        throw TemplateException.failed("a format's '%c' of " + Values.describe(value));
    }

    /** Of a float its whole part, but for the kinds that show digits of another base. */
    private static long whole(String kind, Object value) {
        if (Values.isNumber(value) && Numbers.isWhole(value)) {
            return Numbers.whole(value);
        }
        if (value instanceof Double d && "diu".contains(kind) && Math.abs(d) < 0x1p62) {
            return (long) (double) d;
        }
        throw TemplateException.failed("a format's '%" + kind + "' of " + Values.describe(value));
    }

    private static String signed(long value, String prefix, int precision, String flags, int width) {
        return signed(value, prefix, precision, flags, width, 10);
    }

    private static String signed(long value, String prefix, int precision, String flags, int width, int base) {
        String digits = Long.toString(value, base).replace("-", "");
        return placed(value < 0, prefix, "0".repeat(Math.max(0, precision - digits.length())) + digits, flags, width);
    }

    private static String real(String kind, Object value, int given, String flags, int width) {
        if (!Values.isNumber(value) || flags.contains("#")) {
            throw TemplateException.failed("a format's '%" + kind + "' of " + Values.describe(value) + " or with '#'");
        }
        double number = Numbers.real(value);
        BigDecimal exact = new BigDecimal(Math.abs(number));
        int precision = given < 0 ? 6 : given;
        String digits = switch (kind) {
            case "f", "F" -> fixed(exact, precision);
            case "e", "E" -> scientific(exact, precision);
            default -> general(exact, Math.max(1, precision));
        };
        boolean large = Character.isUpperCase(kind.charAt(0));
        boolean negative = number < 0 || 1 / number < 0;
        return placed(negative, "", large ? digits.toUpperCase(Locale.ROOT) : digits, flags, width);
    }

    private static String fixed(BigDecimal number, int precision) {
        return number.setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
    }

    private static int exponent(BigDecimal number) {
        return number.signum() == 0 ? 0 : number.precision() - number.scale() - 1;
    }

    private static BigDecimal rounded(BigDecimal number, int digits) {
        return number.round(new MathContext(digits, RoundingMode.HALF_EVEN));
    }

    private static String scientific(BigDecimal number, int precision) {
        BigDecimal near = rounded(number, precision + 1);
        int exponent = exponent(near);
        String size = Integer.toString(Math.abs(exponent));
        return fixed(near.movePointLeft(exponent), precision)
                + (exponent < 0 ? "e-" : "e+")
                + (size.length() < 2 ? "0" + size : size);
    }

    private static String general(BigDecimal number, int digits) {
        int exponent = exponent(rounded(number, digits));
        if (exponent >= -4 && exponent < digits) {
            return withoutZeros(fixed(number, digits - 1 - exponent));
        }
        String text = scientific(number, digits - 1);
        int end = text.indexOf('e');
        return withoutZeros(text.substring(0, end)) + text.substring(end);
    }

    private static String withoutZeros(String text) {
        return text.indexOf('.') < 0 ? text : text.replaceAll("\\.?0+$", "");
    }

    private static String placed(boolean negative, String prefix, String digits, String flags, int width) {
        String head = (negative ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : "") + prefix;
        int missing = width - head.length() - digits.length();
        return flags.contains("0") && !flags.contains("-") && missing > 0
                ? head + "0".repeat(missing) + digits
                : padded(head + digits, flags, width);
    }

    private static String padded(String text, String flags, int width) {
        String space = " ".repeat(Math.max(0, width - text.codePointCount(0, text.length())));
        return flags.contains("-") ? text + space : space + text;
    }
}
