package dev.limbic.preprocess.jinja;

import dev.limbic.preprocess.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;

/** Reads expressions, with the precedences of jinja2's parser, and refuses by name what is not supported. */
final class ExpressionParser {
    /** Longest chain of operators in one expression, nesting included; evaluation recurses as deep. */
    private static final int MAX_SIZE = 400;

    /** Deepest nesting of brackets, signs, negations and conditions: each takes a score of the parser's own calls. */
    private static final int MAX_NESTING = 64;

    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    /** What jinja2 gives every template and this does not. */
    private static final Set<String> MISSING =
            Set.of("self", "super", "caller", "varargs", "kwargs", "lipsum", "cycler", "joiner");

    private final Tokens tokens;
    private final Set<String> macros;
    private int depth;
    private int nesting;

    ExpressionParser(Tokens tokens, Set<String> macros) {
        this.tokens = tokens;
        this.macros = macros;
    }

    /** One expression, or several with commas, which are a tuple. */
    Expression tuple(boolean conditional) {
        Expression first = conditional ? expression() : or();
        if (!tokens.atOperator(",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (tokens.takeOperator(",") && !endsTuple()) {
            items.add(conditional ? expression() : or());
        }
        return new Expression.Listing(items, true);
    }

    private boolean endsTuple() {
        return tokens.at(Kind.BLOCK_END) || tokens.at(Kind.OUTPUT_END) || tokens.atOperator(")");
    }

    Expression expression() {
        nest();
        Expression value = or();
        while (tokens.takeName("if")) {
            deeper();
            Expression test = or();
            value = new Expression.Conditional(test, value, tokens.takeName("else") ? expression() : null);
            depth--;
        }
        unnest();
        return value;
    }

    private void nest() {
        deeper();
        if (++nesting > MAX_NESTING) {
            throw TemplateException.unsupported(tokens.line(), "nesting of more than " + MAX_NESTING + " parts");
        }
    }

    private void unnest() {
        depth--;
        nesting--;
    }

    /** Counts what makes the tree of an expression deeper. */
    private void deeper() {
        if (++depth > MAX_SIZE) {
            throw TemplateException.unsupported(tokens.line(), "an expression with more than " + MAX_SIZE + " parts");
        }
    }

    /** Reads operators of one precedence, which group to the left. */
    private Expression chain(Supplier<Expression> operand, String... operators) {
        Expression left = operand.get();
        int counted = 0;
        while (tokens.at(Kind.OPERATOR)
                && List.of(operators).contains(tokens.current().text())) {
            deeper();
            counted++;
            left = new Expression.Operation(tokens.next().text(), left, operand.get());
        }
        depth -= counted;
        return left;
    }

    Expression or() {
        Expression left = and();
        int counted = 0;
        while (tokens.takeName("or")) {
            deeper();
            counted++;
            left = new Expression.Logical(false, left, and());
        }
        depth -= counted;
        return left;
    }

    private Expression and() {
        Expression left = not();
        int counted = 0;
        while (tokens.takeName("and")) {
            deeper();
            counted++;
            left = new Expression.Logical(true, left, not());
        }
        depth -= counted;
        return left;
    }

    private Expression not() {
        if (!tokens.takeName("not")) {
            return comparison();
        }
        nest();
        Expression operand = not();
        unnest();
        return new Expression.Negation(operand);
    }

    private Expression comparison() {
        Expression first = sum();
        List<Expression.Operand> operands = new ArrayList<>();
        while (true) {
            if (tokens.at(Kind.OPERATOR)
                    && COMPARISONS.contains(tokens.current().text())) {
                operands.add(new Expression.Operand(tokens.next().text(), sum()));
            } else if (tokens.takeName("in")) {
                operands.add(new Expression.Operand("in", sum()));
            } else if (tokens.atName("not") && tokens.ahead().is(Kind.NAME, "in")) {
                tokens.next();
                tokens.next();
                operands.add(new Expression.Operand("not in", sum()));
            } else {
                return operands.isEmpty() ? first : new Expression.Comparison(first, operands);
            }
        }
    }

    private Expression sum() {
        return chain(
                () -> chain(() -> chain(() -> chain(() -> unary(true), "**"), "*", "/", "//", "%"), "~"), "+", "-");
    }

    private Expression unary(boolean withFilters) {
        Expression value;
        if (tokens.atOperator("-") || tokens.atOperator("+")) {
            nest();
            String operator = tokens.next().text();
            value = new Expression.Operation(operator, unary(false), null);
            unnest();
        } else {
            value = primary();
        }
        return postfix(value, withFilters);
    }

    private Expression primary() {
        Token token = tokens.current();
        switch (token.kind()) {
            case NAME -> {
                tokens.next();
                return name(token);
            }
            case STRING -> {
                StringBuilder text = new StringBuilder();
                while (tokens.at(Kind.STRING)) {
                    text.append(tokens.next().text());
                }
                return new Expression.Literal(text.toString());
            }
            case INTEGER -> {
                return new Expression.Literal(integer(tokens.next()));
            }
            case FLOAT -> {
                return new Expression.Literal(Double.parseDouble(tokens.next().text()));
            }
            default -> {}
        }
        if (tokens.takeOperator("(")) {
            if (tokens.takeOperator(")")) {
                return new Expression.Listing(List.of(), true);
            }
            Expression value = tuple(true);
            tokens.expectOperator(")");
            return value;
        }
        if (tokens.takeOperator("[")) {
            List<Expression> items = new ArrayList<>();
            while (!tokens.takeOperator("]")) {
                separate(items.isEmpty());
                if (!tokens.atOperator("]")) {
                    items.add(expression());
                }
            }
            return new Expression.Listing(items, false);
        }
        if (tokens.takeOperator("{")) {
            return mapping();
        }
        throw tokens.unexpected("a value");
    }

    private void separate(boolean first) {
        if (!first) {
            tokens.expectOperator(",");
        }
    }

    private Expression mapping() {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.takeOperator("}")) {
            separate(keys.isEmpty());
            if (!tokens.atOperator("}")) {
                keys.add(expression());
                tokens.expectOperator(":");
                values.add(expression());
            }
        }
        return new Expression.Mapping(keys, values);
    }

    private static Long integer(Token token) {
        try {
            return Long.valueOf(token.text());
        } catch (NumberFormatException e) {
            throw TemplateException.unsupported(token.line(), "the integer " + token.text());
        }
    }

    private Expression name(Token token) {
        switch (token.text()) {
            case "true", "True" -> {
                return new Expression.Literal(true);
            }
            case "false", "False" -> {
                return new Expression.Literal(false);
            }
            case "none", "None" -> {
                return new Expression.Literal(None.NONE);
            }
            default -> {}
        }
        if (MISSING.contains(token.text())) {
            throw TemplateException.unsupported(token.line(), "'" + token.text() + "'");
        }
        if (!tokens.atOperator("(")) {
            return new Expression.Name(token.text());
        }
        if (macros.contains(token.text())) {
            Call call = call();
            return new Expression.MacroCall(token.text(), call.positional(), call.named());
        }
        Builtin function = Functions.BY_NAME.get(token.text());
        if (function == null) {
            throw TemplateException.unsupported(token.line(), "the function '" + token.text() + "'");
        }
        return call().toFunction(function);
    }

    private Expression postfix(Expression start, boolean withFilters) {
        Expression value = start;
        boolean filtered = false;
        int counted = 0;
        while (true) {
            int line = tokens.line();
            if (!filtered && tokens.takeOperator(".")) {
                value = attribute(value, line);
            } else if (!filtered && tokens.takeOperator("[")) {
                value = subscript(value);
            } else if (withFilters && tokens.takeOperator("|")) {
                filtered = true;
                value = filter(value);
            } else if (withFilters && tokens.takeName("is")) {
                filtered = true;
                value = test(value);
            } else if (tokens.atOperator("(")) {
                throw TemplateException.unsupported(line, "the call of a value");
            } else {
                depth -= counted;
                return value;
            }
            deeper();
            counted++;
        }
    }

    private Expression attribute(Expression target, int line) {
        if (tokens.at(Kind.INTEGER)) {
            return new Expression.Item(target, new Expression.Literal(integer(tokens.next())));
        }
        String name = tokens.expect(Kind.NAME, "a name").text();
        if (tokens.atOperator("(")) {
            Builtin method = Methods.BY_NAME.get(name);
            if (method == null) {
                throw TemplateException.unsupported(line, "the method '" + name + "'");
            }
            return call().to(method, target);
        }
        if (name.startsWith("_")) {
            throw TemplateException.unsupported(line, "the attribute '" + name + "'");
        }
        return new Expression.Attribute(target, name);
    }

    private Expression subscript(Expression target) {
        Expression from = tokens.atOperator(":") ? null : expression();
        if (!tokens.takeOperator(":")) {
            tokens.expectOperator("]");
            return new Expression.Item(target, Objects.requireNonNull(from));
        }
        Expression to = tokens.atOperator(":") || tokens.atOperator("]") ? null : expression();
        Expression step = tokens.takeOperator(":") && !tokens.atOperator("]") ? expression() : null;
        tokens.expectOperator("]");
        return new Expression.Slice(target, from, to, step);
    }

    /** A filter, after its bar. */
    Expression.Applied filter(Expression target) {
        Token name = tokens.expect(Kind.NAME, "a filter's name");
        Builtin filter = Filters.BY_NAME.get(name.text());
        if (filter == null) {
            throw TemplateException.unsupported(name.line(), "the filter '" + name.text() + "'");
        }
        Call call = tokens.atOperator("(") ? call() : new Call(name.line(), List.of(), List.of());
        call.requireKnownNames(filter);
        return call.to(filter, target);
    }

    private Expression test(Expression target) {
        boolean negated = tokens.takeName("not");
        Token name = tokens.expect(Kind.NAME, "a test's name");
        Builtin test = Predicates.BY_NAME.get(name.text());
        if (test == null) {
            throw TemplateException.unsupported(name.line(), "the test '" + name.text() + "'");
        }
        Call call = new Call(name.line(), List.of(), List.of());
        if (tokens.atOperator("(")) {
            call = call();
        } else if (beginsArgument()) {
            call = new Call(name.line(), List.of(postfix(primary(), false)), List.of());
        }
        Expression applied = call.to(test, target);
        return negated ? new Expression.Negation(applied) : applied;
    }

    /** Whether an argument of a test follows, which needs no brackets. */
    private boolean beginsArgument() {
        Token token = tokens.current();
        return switch (token.kind()) {
            case NAME -> {
                if (token.text().equals("is")) {
                    throw TemplateException.syntax(token.line(), "tests cannot follow each other with 'is'");
                }
                yield !Set.of("else", "or", "and").contains(token.text());
            }
            case STRING, INTEGER, FLOAT -> true;
            case OPERATOR -> token.text().equals("[") || token.text().equals("{");
            default -> false;
        };
    }

    private Call call() {
        int line = tokens.line();
        tokens.expectOperator("(");
        List<Expression> positional = new ArrayList<>();
        List<Expression.Named> named = new ArrayList<>();
        while (!tokens.takeOperator(")")) {
            separate(positional.isEmpty() && named.isEmpty());
            if (tokens.atOperator(")")) {
                continue;
            }
            if (tokens.atOperator("*") || tokens.atOperator("**")) {
                throw TemplateException.unsupported(
                        line, "a call with '" + tokens.current().text() + "'");
            }
            if (tokens.at(Kind.NAME) && tokens.ahead().is(Kind.OPERATOR, "=")) {
                String name = tokens.next().text();
                tokens.next();
                named.add(new Expression.Named(name, expression()));
            } else if (named.isEmpty()) {
                positional.add(expression());
            } else {
                throw tokens.unexpected("a named argument");
            }
        }
        return new Call(line, positional, named);
    }
}
