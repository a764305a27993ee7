package dev.limbic.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

/** What the examples print in whatever language, with the models of {@link TestServer}. */
final class Expected {
    private Expected() {}

    static void unary(String printed) {
        assertThat(printed.lines()).hasSize(2);
        assertThat(printed).startsWith("CANONICAL_EMOTION_").contains("7 tokens");
        assertThat(printed.lines().skip(1))
                .as("the deadline may have passed on a machine that has much to do")
                .allMatch(line -> line.startsWith("CANONICAL_EMOTION_") || line.startsWith("too late"));
    }

    static void stream(String printed) {
        List<String> lines = printed.lines().toList();
        assertThat(lines).hasSize(6);
        for (int i = 0; i < 6; i++) {
            assertThat(lines.get(i)).startsWith("line-" + i);
        }
        assertThat(lines.get(3)).contains("failed").contains("code 3");
        assertThat(lines.get(4)).contains("µs");
    }

    static void conversation(String printed) {
        List<String> lines = printed.lines().toList();
        for (int i = 1; i <= 3; i++) {
            String id = "utterance-" + i + " ";
            assertThat(lines.stream().filter(line -> line.startsWith(id) && line.contains("CANONICAL_EMOTION_")))
                    .as("what was heard in %s, and perhaps how it is answered", id)
                    .isNotEmpty();
            assertThat(lines).anyMatch(line -> line.startsWith(id + "will be answered by speaker (mirror"));
            assertThat(lines).anyMatch(line -> line.startsWith(id + "FINISH_REASON_STOP, 16 tokens"));
        }
        assertThat(lines.stream().filter("klmnopqrstuvwxyz"::equals)).hasSizeBetween(2, 3);
        assertThat(printed.replaceAll("\\R(utterance-3 CANON[^\\n]*\\R)?", "")).contains("klmnopqrstuvwxyz");
    }
}
