package dev.limbic.preprocess.jinja;

import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A template in Jinja, rendered as transformers does it: jinja2 with {@code trim_blocks}, {@code lstrip_blocks}, loop
 * controls, {@code raise_exception}, {@code strftime_now}, its own {@code tojson} and {@code generation} blocks.
 *
 * <p>An interpreter of our own, since with the one Java library (Jinjava 2.8.1) nearly half of the small templates in our
 * test came out differently without an error, and it takes a second to start and 9 MB. This one knows a part of the
 * language, and what it does not know it refuses by name: most when a template is read, and what depends on values when
 * it is rendered.
 *
 * <p>A template can reach what it is given and nothing else, cannot change that, and is bounded in source, nesting, steps
 * and output. Immutable and thread-safe.
 */
public final class Template {
    /** Longest source in characters. */
    public static final int MAX_SOURCE = 256 << 10;

    private final List<Statement> body;

    private Template(List<Statement> body) {
        this.body = body;
    }

    /**
     * Reads a template.
     *
     * @throws TemplateException if it is not well-formed or uses what is not supported
     */
    public static Template parse(String source) {
        if (source.length() > MAX_SOURCE) {
            throw TemplateException.unsupported(
                    1, "a template of " + source.length() + " characters (at most " + MAX_SOURCE + ")");
        }
        return new Template(Parser.parse(source));
    }

    /**
     * Renders the template.
     *
     * @param variables of JSON's kinds: null, Boolean, Integer, Long, Float, Double, String, Iterable, Map
     * @param clock what {@code strftime_now} reads
     * @throws TemplateException if it fails, refuses or exceeds a bound
     */
    public String render(Map<String, ? extends @Nullable Object> variables, Supplier<LocalDateTime> clock) {
        Scope scope = new Scope(null);
        variables.forEach((name, value) -> scope.set(name, Values.of(value, 0)));
        try {
            return new Renderer(new Rendering(new Budget(), clock)).text(body, scope);
        } catch (StackOverflowError e) {
            // The bounds on nesting multiply; the last one is the thread's, and nothing outlives a rendering.
            throw TemplateException.failed("the template is nested too deeply");
        }
    }
}
