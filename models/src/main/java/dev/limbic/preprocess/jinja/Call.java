package dev.limbic.preprocess.jinja;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Arguments as a call writes them, before they are put in the order of parameters. */
record Call(int line, List<Expression> positional, List<Expression.Named> named) {
    private static final Expression NOTHING = new Expression.Literal(None.NONE);

    /** Some time, to try a format on. */
    private static final LocalDateTime ANY = LocalDateTime.of(2000, 1, 1, 0, 0);

    /** The call of a function. */
    Expression.Applied toFunction(Builtin function) {
        if (Functions.WITH_ENTRIES.contains(function.name()) && !named.isEmpty()) {
            List<Expression> keys = new ArrayList<>();
            named.forEach(argument -> keys.add(new Expression.Literal(argument.name())));
            List<Expression> values =
                    named.stream().map(Expression.Named::value).toList();
            List<Expression> both = new ArrayList<>(positional);
            if (both.isEmpty()) {
                both.add(new Expression.Mapping(List.of(), List.of()));
            }
            both.add(new Expression.Mapping(keys, values));
            return new Call(line, both, List.of()).to(function, NOTHING);
        }
        if (function.name().equals("strftime_now")
                && positional.size() == 1
                && positional.getFirst() instanceof Expression.Literal(String format)) {
            try {
                Functions.time(format, ANY);
            } catch (TemplateException e) {
                throw new TemplateException(
                        TemplateException.Kind.UNSUPPORTED, e.at(line).getMessage());
            }
        }
        return to(function, NOTHING);
    }

    /** Refuses at once what a filter is told to use by a name that stands in the source. */
    void requireKnownNames(Builtin filter) {
        switch (filter.name()) {
            case "map" -> requireKnown(0, Filters.BY_NAME, "filter");
            case "select", "reject" -> requireKnown(0, Predicates.BY_NAME, "test");
            case "selectattr", "rejectattr" -> requireKnown(1, Predicates.BY_NAME, "test");
            default -> {}
        }
    }

    private void requireKnown(int index, Map<String, Builtin> known, String kind) {
        if (positional.size() > index
                && positional.get(index) instanceof Expression.Literal(String used)
                && !known.containsKey(used)) {
            throw TemplateException.unsupported(line, "the " + kind + " '" + used + "'");
        }
    }

    /** The call of {@code builtin}, applied to {@code target}. */
    Expression.Applied to(Builtin builtin, Expression target) {
        List<String> parameters = builtin.parameters();
        List<@Nullable Expression> arguments = new ArrayList<>(positional);
        if (arguments.size() > parameters.size()) {
            throw TemplateException.unsupported(
                    line, "'" + builtin.name() + "' with " + arguments.size() + " arguments");
        }
        while (arguments.size() < parameters.size()) {
            arguments.add(null);
        }
        for (Expression.Named argument : named) {
            int index = parameters.indexOf(argument.name());
            if (index < 0 || arguments.get(index) != null) {
                throw TemplateException.unsupported(
                        line, "'" + builtin.name() + "' with the argument '" + argument.name() + "'");
            }
            arguments.set(index, argument.value());
        }
        for (int i = 0; i < builtin.required(); i++) {
            if (arguments.get(i) == null) {
                throw TemplateException.syntax(line, "'" + builtin.name() + "' lacks an argument");
            }
        }
        return new Expression.Applied(builtin, target, arguments);
    }
}
