package dev.limbic.preprocess.jinja;

import dev.limbic.preprocess.jinja.Token.Kind;
import java.util.List;

/** The tokens of a template and the place that parsing has reached. */
final class Tokens {
    private final List<Token> all;
    private int position;

    Tokens(List<Token> all) {
        this.all = all;
    }

    Token current() {
        return all.get(position);
    }

    Token ahead() {
        return all.get(Math.min(position + 1, all.size() - 1));
    }

    Token next() {
        Token token = current();
        position = Math.min(position + 1, all.size() - 1);
        return token;
    }

    int line() {
        return current().line();
    }

    boolean at(Kind kind) {
        return current().kind() == kind;
    }

    boolean atOperator(String operator) {
        return current().is(Kind.OPERATOR, operator);
    }

    boolean atName(String name) {
        return current().is(Kind.NAME, name);
    }

    boolean takeOperator(String operator) {
        return take(atOperator(operator));
    }

    boolean takeName(String name) {
        return take(atName(name));
    }

    private boolean take(boolean found) {
        if (found) {
            next();
        }
        return found;
    }

    void expectOperator(String operator) {
        if (!takeOperator(operator)) {
            throw unexpected("'" + operator + "'");
        }
    }

    void expectName(String name) {
        if (!takeName(name)) {
            throw unexpected("'" + name + "'");
        }
    }

    Token expect(Kind kind, String described) {
        if (!at(kind)) {
            throw unexpected(described);
        }
        return next();
    }

    TemplateException unexpected(String expected) {
        return TemplateException.syntax(
                line(), "expected " + expected + ", found " + current().describe());
    }
}
