package dev.limbic.preprocess.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what jinja2 makes of small templates, one for each rule; see template_snippets.py. */
class TemplateTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final LocalDateTime NOW = LocalDateTime.of(2026, 9, 7, 0, 5, 9);

    /** What the language has and we refuse. Anything else must give the same text. */
    private static final Set<String> REFUSED = Set.of(
            "{{ s.__class__ }}",
            "{{ s.title }}",
            "{{ d.items }}",
            "{{ d['items'] }}",
            "{{ caller }}|{{ self }}",
            "{{ l | max }}",
            "{{ 1_000 }}",
            "{{ 9223372036854775807 + 1 }}",
            "{{ {1: 2, none: 3, true: 4} | tojson }}",
            "{% for x in l %}{{ loop.cycle('a', 'b') }}{% endfor %}",
            "{% for x in l %}{{ loop.changed(x) }}{% endfor %}");

    private static String render(String source, Map<String, ?> variables) {
        return Template.parse(source).render(variables, () -> NOW);
    }

    private static String render(String source) {
        return render(source, Map.of());
    }

    @Test
    void givesTheTextOfJinja() throws IOException {
        JsonNode golden;
        try (InputStream file = TemplateTest.class.getResourceAsStream("/golden-templates/snippets.json")) {
            golden = MAPPER.readTree(Objects.requireNonNull(file));
        }
        @SuppressWarnings("unchecked")
        Map<String, Object> variables = MAPPER.convertValue(golden.get("variables"), Map.class);
        TreeMap<String, String> wrong = new TreeMap<>();
        TreeSet<String> refused = new TreeSet<>();
        for (JsonNode snippet : golden.get("snippets")) {
            String source = snippet.get("source").asText();
            try {
                String text = render(source, variables);
                if (!snippet.path("text").asText("(an error)").equals(text)) {
                    wrong.put(source, "expected " + snippet + ", found " + text);
                }
            } catch (TemplateException e) {
                if (snippet.has("raised")) {
                    assertThat(e.kind()).as(source).isEqualTo(TemplateException.Kind.RAISED);
                    assertThat(e).hasMessage(snippet.get("raised").asText());
                } else if (snippet.has("text")) {
                    refused.add(source);
                    if (!REFUSED.contains(source)) {
                        wrong.put(source, "refused: " + e.getMessage());
                    }
                }
            }
        }
        assertThat(golden.get("snippets")).hasSizeGreaterThan(190);
        assertThat(wrong).isEmpty();
        assertThat(refused).isEqualTo(new TreeSet<>(REFUSED));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            quoteCharacter = '`',
            value = {
                "{{ s | wordwrap }}§the filter 'wordwrap'",
                "{{ s | map('center') }}§the filter 'center'",
                "{{ s | select('callable') }}§the test 'callable'",
                "{{ s is callable }}§the test 'callable'",
                "{{ s.encode('utf-8') }}§the method 'encode'",
                "{{ s.getClass() }}§the method 'getClass'",
                "{{ open('/etc/passwd') }}§the function 'open'",
                "{{ cycler }}§'cycler'",
                "{{ a()() }}§the function 'a'",
                "{{ range(3)() }}§the call of a value",
                "{{ range(*a) }}§a call with '*'",
                "{{ s.__class__ }}§the attribute '__class__'",
                "{{ s | trim(width=3) }}§'trim' with the argument 'width'",
                "{{ s.strip(1, 2) }}§'strip' with 2 arguments",
                "{% include 'x' %}§the tag 'include'",
                "{% import 'x' as y %}§the tag 'import'",
                "{% extends 'x' %}§the tag 'extends'",
                "{% call m() %}{% endcall %}§the tag 'call'",
                "{% for a in b recursive %}{% endfor %}§a loop that is 'recursive'",
                "{% set range = 1 %}§a variable called 'range'",
                "{{ 1_000 }}§a number in that writing",
                "{{ 0x1F }}§a number in that writing",
                "{{ '\\N{DASH}' }}§a character by its name",
                "{{ strftime_now('%U') }}§'%U' in 'strftime_now'",
                "{{ 99999999999999999999 }}§the integer 99999999999999999999",
            })
    void refusesByNameWhatIsNotSupported(String source, String what) {
        assertThatThrownBy(() -> Template.parse("\n" + source))
                .isInstanceOfSatisfying(
                        TemplateException.class,
                        e -> assertThat(e.kind()).isEqualTo(TemplateException.Kind.UNSUPPORTED))
                .hasMessageStartingWith("line 2: " + what)
                .hasMessageEndingWith(" is not supported");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                "{% for a in range(100001) %}{% endfor %}",
                "{% set n = namespace(t='xx') %}{% for a in range(64) %}{% set n.t = n.t ~ n.t %}{% endfor %}",
                "{% set n = namespace(t='xx') %}{% for a in range(64) %}{% set n.t = n.t.replace('x', n.t) %}{% endfor %}",
                "{% set n = namespace(t=[1, 2]) %}{% for a in range(64) %}{% set n.t = n.t + n.t %}{% endfor %}",
                "{% set n = namespace(t=[]) %}{% for a in range(64) %}{% set n.t = [n.t, n.t] %}{% endfor %}{{ n.t }}",
                "{% set n = namespace(t=[]) %}{% for a in range(64) %}{% set n.t = [n.t, n.t] %}{% endfor %}{{ n.t == n.t }}",
                "{% set n = namespace(t=[]) %}{% for a in range(64) %}{% set n.t = [n.t, n.t] %}{% endfor %}{{ n.t | tojson }}",
                "{% set n = namespace(t=[]) %}{% for a in range(999) %}{% set n.t = [n.t] %}{% endfor %}{{ n.t }}",
                "{{ 'x' * 9999999999 }}",
                "{{ [1] * 9999999 }}",
                "{{ 2 ** 9999999 }}",
                "{% for a in range(9999) %}{{ 'x' * 9999 }}{% endfor %}",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{% macro m(n) %}{% for a in [1] %}{% if n %}{{ [m(n)] | join }}{% endif %}{% endfor %}{% endmacro %}{{ m(1) }}",
                "{{ '%9999999d' % 1 }}",
                "{{ '%999999999d' % 1 }}",
                "{% set n = namespace(t='%s%s') %}{% for a in range(64) %}{% set n.t = n.t | format(n.t, n.t) %}{% endfor %}",
                "{{ 'x' | indent(999999999) }}{{ 'a' * 4000000 | replace('a', 'aaaaaaaaaa') }}{{ 1 / 0 }}",
            })
    void endsWhatWouldNotEnd(String source) {
        assertThatThrownBy(() -> render(source))
                .isInstanceOfSatisfying(
                        TemplateException.class, e -> assertThat(e.kind()).isEqualTo(TemplateException.Kind.FAILED));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"(", "[", "{1:", "not ", "-", "1+", "a.b[", "1 if 1 else ", "a|d(", "a or ", "'a' ~ ", "a is in "
            })
    void boundsNesting(String part) {
        assertThatThrownBy(() -> Template.parse("{{ " + part.repeat(9999) + "1 }}"))
                .isInstanceOf(TemplateException.class);
        assertThatThrownBy(() -> Template.parse("{% if a %}".repeat(999))).isInstanceOf(TemplateException.class);
    }

    /** On a stack as small as a server's thread may have, and with what was found in the message. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            quoteCharacter = '`',
            value = {
                "{{ §[§]§nesting of more than 64 parts",
                "{{ §(§)§nesting of more than 64 parts",
                "{{ §{1:§}§nesting of more than 64 parts",
                "{{ §-§``§nesting of more than 64 parts",
                "{{ §`not `§``§nesting of more than 64 parts",
                "{{ §a[§]§nesting of more than 64 parts",
                "{{ §a|d(§)§nesting of more than 64 parts",
                "{{ §a is in [§]§nesting of more than 64 parts",
                "{{ §`1 if 1 else `§``§nesting of more than 64 parts",
                "{% set x = §[§]§nesting of more than 64 parts",
                "{% if §(§)§nesting of more than 64 parts",
                "{% for x in §[§]§nesting of more than 64 parts",
                "{{ a§|d§``§an expression with more than 400 parts",
                "{{ a§.b§``§an expression with more than 400 parts",
                "{{ a§~a§``§an expression with more than 400 parts",
                "``§{% if a %}§``§nesting of more than 64 tags",
                "``§{% for a in b %}§``§nesting of more than 64 tags",
                "``§{% macro a() %}§``§nesting of more than 64 tags",
                "``§{% set a %}§``§nesting of more than 64 tags",
                "``§{% filter trim %}§``§nesting of more than 64 tags"
            })
    void namesTheDepthThatIsTooMuch(String head, String part, String close, String what) throws InterruptedException {
        int times = 50_000 / part.length();
        String end = head.startsWith("{{") ? " }}" : head.startsWith("{%") ? " %}" : "";
        String value = head.isEmpty() || head.equals("{{ a") ? "" : "1";
        String source = head + " " + part.repeat(times) + value + close.repeat(times) + end;
        AtomicReference<Throwable> found = new AtomicReference<>();
        Thread small = new Thread(
                null,
                () -> {
                    try {
                        Template.parse(source);
                    } catch (Throwable e) {
                        found.set(e);
                    }
                },
                "small stack",
                512 << 10);
        small.start();
        small.join();
        assertThat(found.get())
                .isInstanceOf(TemplateException.class)
                .hasMessage("line 1: " + what + " is not supported");
    }

    @Test
    void nestingUpToTheBoundIsRead() {
        String deep = "(".repeat(62) + "'x'" + ")".repeat(62);
        assertThat(render("{{ " + deep + " }}")).isEqualTo("x");
        assertThat(render("{% if 1 %}".repeat(63) + "x" + "{% endif %}".repeat(63)))
                .isEqualTo("x");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ (s | safe) + '<' }}",
                "{{ '<' + (s | safe) }}",
                "{{ (s | safe) % 1 }}",
                "{{ (s | safe)[0] }}",
                "{{ (s | safe).x }}",
                "{{ (s | safe).upper() }}",
                "{{ (s | safe) == s }}",
                "{{ (s | safe) in [s] }}",
                "{{ s | safe | length }}",
                "{{ '5' | safe | int }}",
                "{{ s | safe is lower }}",
                "{{ [s | safe] | tojson }}",
                "{{ s.join([s | safe]) }}",
                "{{ '%s' | format(s | safe) }}",
                "{{ '%(a)s' % {'a': 1} }}",
                "{{ '%*d' % (1, 2) }}",
                "{{ '%a' % 'x' }}",
                "{{ '%.2000f' % 1 }}"
            })
    void refusesWhatItDoesNotKnowOfMarkedTextsAndFormats(String source) {
        assertThatThrownBy(() -> render(source, Map.of("s", "a")))
                .isInstanceOfSatisfying(
                        TemplateException.class, e -> assertThat(e.kind()).isEqualTo(TemplateException.Kind.FAILED));
    }

    @Test
    void boundsTheSource() {
        assertThatThrownBy(() -> Template.parse("x".repeat(Template.MAX_SOURCE + 1)))
                .hasMessageContaining("at most " + Template.MAX_SOURCE);
        assertThat(render("x".repeat(Template.MAX_SOURCE))).hasSize(Template.MAX_SOURCE);
    }

    @Test
    void readsTheClock() {
        assertThat(render("{{ strftime_now('%d %b %Y %B %A %a %H:%M:%S %I %p %y %m %j %-d %F %T %%') }}"))
                .isEqualTo("07 Sep 2026 September Monday Mon 00:05:09 12 AM 26 09 250 7 2026-09-07 00:05:09 %");
    }

    @Test
    void cannotReachWhatItIsNotGiven() {
        assertThat(render("{{ System }}{{ java }}{{ this }}")).isEmpty();
        assertThat(render("{{ m.class }}", Map.of("m", Map.of()))).isEmpty();
        assertThatThrownBy(() -> render("{{ m }}", Map.of("m", new Object())))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void messagesHoldNoUsersText() {
        for (String source :
                new String[] {"{{ s + 1 }}", "{{ s() }}", "{{ s / s }}", "{{ s | abs }}", "{{ [] in s }}"}) {
            assertThatThrownBy(() -> render(source, Map.of("s", "secret")))
                    .isInstanceOf(TemplateException.class)
                    .hasMessageNotContaining("secret");
        }
    }
}
