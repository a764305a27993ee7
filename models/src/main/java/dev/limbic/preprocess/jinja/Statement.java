package dev.limbic.preprocess.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a template does. */
sealed interface Statement {
    /** Literal text. */
    record Data(String text) implements Statement {}

    /** Prints a value. */
    record Output(int line, Expression value) implements Statement {}

    /** The first branch whose test holds, or else {@code otherwise}. */
    record Choice(int line, List<Branch> branches, List<Statement> otherwise) implements Statement {}

    /** One branch of a choice. */
    record Branch(Expression test, List<Statement> body) {}

    /** A loop over those items that meet {@code condition}. */
    record Loop(
            int line,
            Target target,
            Expression items,
            @Nullable Expression condition,
            List<Statement> body,
            List<Statement> otherwise)
            implements Statement {}

    /** Sets variables. */
    record Assignment(int line, Target target, Expression value) implements Statement {}

    /** Sets a variable to the text of a body, after filters. */
    record Capture(int line, Target target, List<Expression.Applied> filters, List<Statement> body)
            implements Statement {}

    /** Prints the text of a body, after filters. */
    record Filtered(int line, List<Expression.Applied> filters, List<Statement> body) implements Statement {}

    /** A body with variables of its own. */
    record Scoped(int line, List<Assignment> variables, List<Statement> body) implements Statement {}

    /** Names a body that can be called; a parameter without a default is undefined where the call leaves it out. */
    record Macro(
            int line, String name, List<String> parameters, List<@Nullable Expression> defaults, List<Statement> body)
            implements Statement {}

    /** Leaves a loop, or one turn of it. */
    record Jump(boolean leave) implements Statement {}

    /** Where a value is put. */
    sealed interface Target {
        /** A variable. */
        record Variable(String name) implements Target {}

        /** An attribute of a namespace. */
        record Attribute(String namespace, String name) implements Target {}

        /** One value after the other. */
        record Several(List<Target> targets) implements Target {}
    }
}
