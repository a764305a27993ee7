package dev.limbic.preprocess.jinja;

import dev.limbic.preprocess.jinja.Statement.Target;
import dev.limbic.preprocess.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads statements and refuses by name what is not supported. */
final class Parser {
    /** Deepest nesting of statements; rendering recurses as deep. */
    private static final int MAX_DEPTH = 64;

    private static final Set<String> CONSTANTS = Set.of("true", "false", "none", "True", "False", "None");

    private final Tokens tokens;
    private final ExpressionParser expressions;
    private int depth;
    private int loops;

    private Parser(List<Token> all) {
        tokens = new Tokens(all);
        Set<String> macros = new HashSet<>();
        for (int i = 2; i < all.size(); i++) {
            boolean named =
                    all.get(i - 2).kind() == Kind.BLOCK_BEGIN && all.get(i - 1).is(Kind.NAME, "macro");
            if (named && all.get(i).kind() == Kind.NAME) {
                macros.add(all.get(i).text());
            }
        }
        expressions = new ExpressionParser(tokens, macros);
    }

    static List<Statement> parse(String source) {
        Parser parser = new Parser(Lexer.tokens(source));
        return parser.body();
    }

    /** Statements up to the tag that begins with one of those names, of which the name is read; or to the end. */
    private List<Statement> body(String... ends) {
        if (++depth > MAX_DEPTH) {
            throw TemplateException.unsupported(tokens.line(), "nesting of more than " + MAX_DEPTH + " tags");
        }
        List<Statement> body = new ArrayList<>();
        while (!tokens.at(Kind.END)) {
            Token token = tokens.next();
            switch (token.kind()) {
                case DATA -> body.add(new Statement.Data(token.text()));
                case OUTPUT_BEGIN -> {
                    body.add(new Statement.Output(token.line(), expressions.tuple(true)));
                    tokens.expect(Kind.OUTPUT_END, "'}}'");
                }
                default -> {
                    if (tokens.at(Kind.NAME)
                            && List.of(ends).contains(tokens.current().text())) {
                        depth--;
                        return body;
                    }
                    body.add(statement());
                    endTag();
                }
            }
        }
        if (ends.length > 0) {
            throw tokens.unexpected("'" + ends[ends.length - 1] + "'");
        }
        depth--;
        return body;
    }

    private void endTag() {
        tokens.expect(Kind.BLOCK_END, "'%}'");
    }

    /** A body of its own tag and the name of its end; the end's mark is left to the caller. */
    private List<Statement> bodyOfTag(String end) {
        endTag();
        List<Statement> body = body(end);
        tokens.expectName(end);
        return body;
    }

    private Statement statement() {
        Token tag = tokens.expect(Kind.NAME, "a tag's name");
        int line = tag.line();
        return switch (tag.text()) {
            case "if" -> choice(line);
            case "for" -> loop(line);
            case "set" -> set(line);
            case "macro" -> macro(line);
            case "with" -> with(line);
            // Marks for training what the model has said; it prints its body.
            case "generation" -> new Statement.Scoped(line, List.of(), outsideLoop("endgeneration"));
            case "filter" -> {
                List<Expression.Applied> filters = filters(true);
                yield new Statement.Filtered(line, filters, outsideLoop("endfilter"));
            }
            case "break", "continue" -> {
                if (loops == 0) {
                    throw TemplateException.syntax(line, "'" + tag.text() + "' outside a loop");
                }
                yield new Statement.Jump(tag.text().equals("break"));
            }
            default -> throw TemplateException.unsupported(line, "the tag '" + tag.text() + "'");
        };
    }

    /** A body that cannot be left by a jump, as its text is not printed at once. */
    private List<Statement> outsideLoop(String end) {
        int around = loops;
        loops = 0;
        List<Statement> body = bodyOfTag(end);
        loops = around;
        return body;
    }

    private Statement choice(int line) {
        List<Statement.Branch> branches = new ArrayList<>();
        List<Statement> otherwise = List.of();
        do {
            Expression test = expressions.tuple(false);
            endTag();
            branches.add(new Statement.Branch(test, body("elif", "else", "endif")));
        } while (tokens.takeName("elif"));
        if (tokens.takeName("else")) {
            endTag();
            otherwise = body("endif");
        }
        tokens.expectName("endif");
        return new Statement.Choice(line, branches, otherwise);
    }

    private Statement loop(int line) {
        Target target = target(false);
        tokens.expectName("in");
        Expression items = expressions.tuple(false);
        Expression condition = tokens.takeName("if") ? expressions.expression() : null;
        if (tokens.atName("recursive")) {
            throw TemplateException.unsupported(line, "a loop that is 'recursive'");
        }
        endTag();
        loops++;
        List<Statement> body = body("else", "endfor");
        loops--;
        List<Statement> otherwise = List.of();
        if (tokens.takeName("else")) {
            endTag();
            otherwise = body("endfor");
        }
        tokens.expectName("endfor");
        return new Statement.Loop(line, target, items, condition, body, otherwise);
    }

    private Statement set(int line) {
        Target target = target(true);
        if (tokens.takeOperator("=")) {
            return new Statement.Assignment(line, target, expressions.tuple(true));
        }
        List<Expression.Applied> filters = filters(false);
        return new Statement.Capture(line, target, filters, outsideLoop("endset"));
    }

    private List<Expression.Applied> filters(boolean first) {
        List<Expression.Applied> filters = new ArrayList<>();
        if (first) {
            filters.add(expressions.filter(new Expression.Literal("")));
        }
        while (tokens.takeOperator("|")) {
            filters.add(expressions.filter(new Expression.Literal("")));
        }
        return filters;
    }

    private Target target(boolean withAttributes) {
        List<Target> targets = new ArrayList<>();
        boolean bracket = tokens.takeOperator("(");
        boolean several = false;
        do {
            targets.add(oneTarget(withAttributes));
            several |= tokens.atOperator(",");
        } while (tokens.takeOperator(",") && tokens.at(Kind.NAME) && !tokens.atName("in"));
        if (bracket) {
            tokens.expectOperator(")");
        }
        return several ? new Target.Several(targets) : targets.getFirst();
    }

    private Target oneTarget(boolean withAttributes) {
        Token name = tokens.expect(Kind.NAME, "the name of a variable");
        if (CONSTANTS.contains(name.text())) {
            throw TemplateException.syntax(name.line(), "'" + name.text() + "' cannot be set");
        }
        if (withAttributes && tokens.takeOperator(".")) {
            return new Target.Attribute(
                    name.text(), tokens.expect(Kind.NAME, "a name").text());
        }
        if (name.text().equals("loop") || Functions.BY_NAME.containsKey(name.text())) {
            throw TemplateException.unsupported(name.line(), "a variable called '" + name.text() + "'");
        }
        return new Target.Variable(name.text());
    }

    private Statement with(int line) {
        List<Statement.Assignment> variables = new ArrayList<>();
        while (!tokens.at(Kind.BLOCK_END)) {
            if (!variables.isEmpty()) {
                tokens.expectOperator(",");
            }
            Target target = oneTarget(false);
            tokens.expectOperator("=");
            variables.add(new Statement.Assignment(line, target, expressions.expression()));
        }
        return new Statement.Scoped(line, variables, bodyOfTag("endwith"));
    }

    private Statement macro(int line) {
        String name = tokens.expect(Kind.NAME, "a macro's name").text();
        tokens.expectOperator("(");
        List<String> parameters = new ArrayList<>();
        List<@Nullable Expression> defaults = new ArrayList<>();
        while (!tokens.takeOperator(")")) {
            if (!parameters.isEmpty()) {
                tokens.expectOperator(",");
            }
            parameters.add(tokens.expect(Kind.NAME, "a parameter's name").text());
            defaults.add(tokens.takeOperator("=") ? expressions.expression() : null);
        }
        return new Statement.Macro(line, name, parameters, defaults, outsideLoop("endmacro"));
    }
}
