package dev.limbic.preprocess.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a template computes with. */
sealed interface Expression {
    /** A value that stands in the source. */
    record Literal(Object value) implements Expression {}

    /** A variable. */
    record Name(String name) implements Expression {}

    /** A list, or a tuple. */
    record Listing(List<Expression> items, boolean tuple) implements Expression {}

    /** A mapping. */
    record Mapping(List<Expression> keys, List<Expression> values) implements Expression {}

    /** {@code target.name}. */
    record Attribute(Expression target, String name) implements Expression {}

    /** {@code target[key]}. */
    record Item(Expression target, Expression key) implements Expression {}

    /** {@code target[from:to:step]}. */
    record Slice(
            Expression target,
            @Nullable Expression from,
            @Nullable Expression to,
            @Nullable Expression step) implements Expression {}

    /** A filter, test or method, applied to the first operand, or a function with {@code target} as a literal none. */
    record Applied(Builtin builtin, Expression target, List<@Nullable Expression> arguments) implements Expression {}

    /** A call of a macro of the template. */
    record MacroCall(String name, List<Expression> positional, List<Named> named) implements Expression {}

    /** An argument with its name. */
    record Named(String name, Expression value) {}

    /** An operator before or between values; {@code left} is the only operand of one before. */
    record Operation(
            String operator, Expression left, @Nullable Expression right) implements Expression {}

    /** Comparisons in a row: {@code a < b < c} means {@code a < b and b < c}. */
    record Comparison(Expression first, List<Operand> operands) implements Expression {}

    /** What a value is compared with, and how. */
    record Operand(String operator, Expression value) {}

    /** {@code and}, or {@code or}: the operand that decides. */
    record Logical(boolean and, Expression left, Expression right) implements Expression {}

    /** {@code not}. */
    record Negation(Expression operand) implements Expression {}

    /** {@code then if test else otherwise}. */
    record Conditional(
            Expression test, Expression then, @Nullable Expression otherwise) implements Expression {}
}
