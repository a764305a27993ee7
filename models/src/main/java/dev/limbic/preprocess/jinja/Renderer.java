package dev.limbic.preprocess.jinja;

import dev.limbic.preprocess.jinja.Statement.Target;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Carries out statements, for one rendering. */
final class Renderer {
    /** How a body ended. */
    private enum End {
        DONE,
        NEXT_TURN,
        LEFT_LOOP
    }

    private final Budget budget;
    private final Evaluator evaluator;

    Renderer(Rendering rendering) {
        this.budget = rendering.budget();
        this.evaluator = new Evaluator(rendering, this::call);
    }

    /** The text of a body. */
    String text(List<Statement> body, Scope scope) {
        StringBuilder text = new StringBuilder();
        run(body, scope, text);
        return text.toString();
    }

    private End run(List<Statement> body, Scope scope, StringBuilder text) {
        for (Statement statement : body) {
            budget.step();
            End end = run(statement, scope, text);
            if (end != End.DONE) {
                return end;
            }
        }
        return End.DONE;
    }

    private End run(Statement statement, Scope scope, StringBuilder text) {
        int line = switch (statement) {
            case Statement.Output s -> s.line();
            case Statement.Choice s -> s.line();
            case Statement.Loop s -> s.line();
            case Statement.Assignment s -> s.line();
            case Statement.Capture s -> s.line();
            case Statement.Filtered s -> s.line();
            case Statement.Scoped s -> s.line();
            case Statement.Macro s -> s.line();
            case Statement.Data s -> 0;
            case Statement.Jump s -> 0;
        };
        try {
            return carryOut(statement, scope, text);
        } catch (TemplateException e) {
            throw e.at(line);
        }
    }

    private End carryOut(Statement statement, Scope scope, StringBuilder text) {
        switch (statement) {
            case Statement.Data(String data) -> append(data, text);
            case Statement.Output output ->
                append(PythonText.print(evaluator.evaluate(output.value(), scope), budget), text);
            case Statement.Choice choice -> {
                for (Statement.Branch branch : choice.branches()) {
                    if (Values.truth(evaluator.evaluate(branch.test(), scope))) {
                        return run(branch.body(), scope, text);
                    }
                }
                return run(choice.otherwise(), scope, text);
            }
            case Statement.Loop loop -> {
                return loop(loop, scope, text);
            }
            case Statement.Assignment assignment ->
                assign(assignment.target(), evaluator.evaluate(assignment.value(), scope), scope);
            case Statement.Capture capture ->
                assign(capture.target(), filtered(capture.filters(), capture.body(), scope), scope);
            case Statement.Filtered part ->
                append(PythonText.print(filtered(part.filters(), part.body(), scope), budget), text);
            case Statement.Scoped scoped -> {
                Scope inner = new Scope(scope);
                for (Statement.Assignment variable : scoped.variables()) {
                    assign(variable.target(), evaluator.evaluate(variable.value(), scope), inner);
                }
                return run(scoped.body(), inner, text);
            }
            case Statement.Macro macro -> scope.set(macro.name(), new MacroValue(macro, scope));
            case Statement.Jump jump -> {
                return jump.leave() ? End.LEFT_LOOP : End.NEXT_TURN;
            }
        }
        return End.DONE;
    }

    private void append(String part, StringBuilder text) {
        budget.room((long) text.length() + part.length());
        budget.read(part);
        text.append(part);
    }

    private Object filtered(List<Expression.Applied> filters, List<Statement> body, Scope scope) {
        Object value = text(body, new Scope(scope));
        for (Expression.Applied filter : filters) {
            value = evaluator.apply(filter, value, scope);
        }
        return value;
    }

    private void assign(Target target, Object value, Scope scope) {
        switch (target) {
            case Target.Variable(String name) -> scope.set(name, value);
            case Target.Attribute(String namespace, String name) -> {
                if (!(scope.find(namespace) instanceof Namespace found)) {
                    throw TemplateException.failed("'" + namespace + "' is no namespace");
                }
                found.set(name, value);
            }
            case Target.Several(List<Target> targets) -> {
                List<Object> values = Values.items(value, budget);
                if (values.size() != targets.size()) {
                    throw TemplateException.failed(
                            "expected " + targets.size() + " values to set, found " + values.size());
                }
                for (int i = 0; i < values.size(); i++) {
                    assign(targets.get(i), values.get(i), scope);
                }
            }
        }
    }

    private End loop(Statement.Loop loop, Scope scope, StringBuilder text) {
        List<Object> items = Values.items(evaluator.evaluate(loop.items(), scope), budget);
        LoopState state = new LoopState(new Chosen(items.iterator(), loop, scope));
        if (!state.hasNext()) {
            return run(loop.otherwise(), scope, text);
        }
        while (state.hasNext()) {
            budget.step();
            Scope turn = new Scope(scope);
            turn.set("loop", state);
            assign(loop.target(), state.next(), turn);
            if (run(loop.body(), turn, text) == End.LEFT_LOOP) {
                break;
            }
        }
        return End.DONE;
    }

    /** Those items that meet a loop's condition, asked as late as possible: the body may change what it depends on. */
    private final class Chosen implements Iterator<Object> {
        private final Iterator<Object> all;
        private final Statement.Loop loop;
        private final Scope scope;
        private @Nullable Object next;

        Chosen(Iterator<Object> all, Statement.Loop loop, Scope scope) {
            this.all = all;
            this.loop = loop;
            this.scope = scope;
        }

        @Override
        public boolean hasNext() {
            while (next == null && all.hasNext()) {
                Object candidate = all.next();
                if (meets(candidate)) {
                    next = candidate;
                }
            }
            return next != null;
        }

        @Override
        public Object next() {
            if (!hasNext() || next == null) {
                throw new NoSuchElementException();
            }
            Object found = next;
            next = null;
            return found;
        }

        private boolean meets(Object candidate) {
            if (loop.condition() == null) {
                return true;
            }
            Scope asked = new Scope(scope);
            asked.set("loop", new Undefined("loop"));
            assign(loop.target(), candidate, asked);
            return Values.truth(evaluator.evaluate(loop.condition(), asked));
        }
    }

    private Object call(MacroValue value, Expression.MacroCall call, Scope caller) {
        Statement.Macro macro = value.macro();
        Scope scope = new Scope(value.scope(), caller);
        List<String> parameters = macro.parameters();
        if (call.positional().size() > parameters.size()) {
            throw TemplateException.failed("macro '" + macro.name() + "' takes " + parameters.size()
                    + " arguments, found " + call.positional().size());
        }
        for (int i = 0; i < parameters.size(); i++) {
            String parameter = parameters.get(i);
            @Nullable
            Expression given = i < call.positional().size() ? call.positional().get(i) : named(call, parameter);
            @Nullable Expression usual = macro.defaults().get(i);
            if (given != null) {
                scope.set(parameter, evaluator.evaluate(given, caller));
            } else {
                scope.set(parameter, usual == null ? new Undefined(parameter) : evaluator.evaluate(usual, scope));
            }
        }
        return budget.made(text(macro.body(), scope));
    }

    private static @Nullable Expression named(Expression.MacroCall call, String parameter) {
        for (Expression.Named argument : call.named()) {
            if (argument.name().equals(parameter)) {
                return argument.value();
            }
        }
        return null;
    }
}
