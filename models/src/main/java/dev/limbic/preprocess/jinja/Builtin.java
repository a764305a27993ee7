package dev.limbic.preprocess.jinja;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A filter, test, method or function that templates can name.
 *
 * @param name its name
 * @param parameters names of its parameters beside what it is applied to; those that begin with {@code *} take no keyword
 * @param required how many of them must be given
 */
record Builtin(String name, List<String> parameters, int required, Body body) {
    /** What it does. */
    @FunctionalInterface
    interface Body {
        Object apply(Object target, Arguments arguments, Rendering rendering);
    }

    /**
     * Makes one from its signature, such as {@code "replace *old *new *count?"}: a question mark says that the parameter
     * can be left out.
     */
    static Builtin of(String signature, Body body) {
        String[] words = signature.split(" ", -1);
        List<String> parameters = Stream.of(words)
                .skip(1)
                .map(word -> word.endsWith("?") ? word.substring(0, word.length() - 1) : word)
                .toList();
        int required = (int)
                Stream.of(words).skip(1).filter(word -> !word.endsWith("?")).count();
        return new Builtin(words[0], parameters, required, body);
    }

    static Map<String, Builtin> byName(Builtin... builtins) {
        return Stream.of(builtins).collect(Collectors.toUnmodifiableMap(Builtin::name, b -> b));
    }

    Object apply(Object target, List<@Nullable Object> arguments, Rendering rendering) {
        if (!SafeText.TAKEN_BY.contains(name)) {
            SafeText.refused(target, "'" + name + "'");
        }
        for (Object argument : arguments) {
            if (argument != null) {
                SafeText.refused(argument, "'" + name + "'");
            }
        }
        return body.apply(target, new Arguments(name, arguments, rendering.budget()), rendering);
    }
}
