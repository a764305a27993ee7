package dev.limbic.preprocess.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;

/** Python's arithmetic: division rounds down, true counts as one. Integers beyond 64 bits fail. */
final class Numbers {
    private static final int MAX_EXPONENT = 1000;

    private Numbers() {}

    static int compare(Object a, Object b) {
        if (isWhole(a) && isWhole(b)) {
            return Long.compare(whole(a), whole(b));
        }
        double x = real(a);
        double y = real(b);
        if (Double.isNaN(x) || Double.isNaN(y)) {
            throw TemplateException.failed("cannot compare with what is no number");
        }
        return isWhole(a) || isWhole(b) ? exact(a).compareTo(exact(b)) : x < y ? -1 : x > y ? 1 : 0;
    }

    private static BigDecimal exact(Object number) {
        if (isWhole(number)) {
            return BigDecimal.valueOf(whole(number));
        }
        double value = real(number);
        if (Double.isInfinite(value)) {
            return BigDecimal.valueOf(value > 0 ? Double.MAX_VALUE : -Double.MAX_VALUE);
        }
        return new BigDecimal(value);
    }

    static Object calculate(String operator, Object a, Object b) {
        try {
            return isWhole(a) && isWhole(b) && !operator.equals("/")
                    ? ofIntegers(operator, whole(a), whole(b))
                    : ofFloats(operator, real(a), real(b));
        } catch (ArithmeticException e) {
            throw TemplateException.failed("an integer beyond 64 bits, or a division by zero");
        }
    }

    private static Object ofIntegers(String operator, long a, long b) {
        return switch (operator) {
            case "+" -> Math.addExact(a, b);
            case "-" -> Math.subtractExact(a, b);
            case "*" -> Math.multiplyExact(a, b);
            case "//" -> Math.floorDivExact(a, b);
            case "%" -> Math.floorMod(a, b);
            case "**" -> power(a, b);
            default -> throw new IllegalStateException(operator);
        };
    }

    private static Object power(long base, long exponent) {
        if (exponent < 0) {
            return ofFloats("**", (double) base, (double) exponent);
        }
        if (exponent > MAX_EXPONENT) {
            throw TemplateException.failed("an exponent above " + MAX_EXPONENT);
        }
        return BigInteger.valueOf(base).pow((int) exponent).longValueExact();
    }

    private static Object ofFloats(String operator, double a, double b) {
        boolean divides = operator.startsWith("/") || operator.equals("%");
        if ((divides && b == 0) || (operator.equals("**") && a == 0 && b < 0)) {
            throw TemplateException.failed("a division by zero");
        }
        double result = switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> floorDivided(a, b);
            case "%" -> remainder(a, b);
            case "**" -> Math.pow(a, b);
            default -> throw new IllegalStateException(operator);
        };
        if (!Double.isFinite(result)) {
            throw TemplateException.failed("a number that is too large, or none");
        }
        return result;
    }

    private static double remainder(double a, double b) {
        double rest = a % b;
        if (rest == 0) {
            return Math.copySign(0, b);
        }
        return (b < 0) != (rest < 0) ? rest + b : rest;
    }

    private static double floorDivided(double a, double b) {
        double quotient = (a - remainder(a, b)) / b;
        double floor = Math.floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    static Object negated(Object number) {
        return isWhole(number) ? (Object) Math.negateExact(whole(number)) : (Object) (-real(number));
    }

    static Object itself(Object number) {
        return isWhole(number) ? (Object) whole(number) : (Object) real(number);
    }

    static boolean isWhole(Object number) {
        return number instanceof Long || number instanceof Boolean;
    }

    static long whole(Object number) {
        return number instanceof Boolean truth ? (truth ? 1 : 0) : (Long) number;
    }

    static double real(Object number) {
        return number instanceof Double real ? real : whole(number);
    }

    /** As Python prints it: the shortest digits that give the same number, with an exponent where that is usual. */
    static String print(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            throw TemplateException.failed("a number that is too large, or none");
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = digits.toPlainString();
            return plain.indexOf('.') < 0 ? plain + ".0" : plain;
        }
        String all = digits.unscaledValue().abs().toString();
        String mantissa = all.length() == 1 ? all : all.charAt(0) + "." + all.substring(1);
        String sign = exponent < 0 ? "-" : "+";
        int size = Math.abs(exponent);
        return (value < 0 ? "-" : "") + mantissa + "e" + sign + (size < 10 ? "0" : "") + size;
    }
}
