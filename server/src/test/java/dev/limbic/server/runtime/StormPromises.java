package dev.limbic.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.v1.FinishReason;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.InteractResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What dialogue.proto and interaction.proto promise of a call that lives to its end, held against what a client said and heard. */
final class StormPromises {
    /** What an utterance is to get. */
    enum Wish {
        /** Analysis and reply, or an error instead of either. */
        REPLY,
        /** Analysis or error. */
        LISTEN,
        /** An error. */
        WRONG
    }

    private static final class Told {
        final Wish wish;
        final int place;
        int analyses;
        int errors;
        int started;
        int finished;

        Told(Wish wish, int place) {
            this.wish = wish;
            this.place = place;
        }
    }

    private final Map<String, Told> said = new LinkedHashMap<>();
    private int nameless;

    /** An utterance goes out. */
    void said(String id, Wish wish) {
        said.put(id, new Told(wish, said.size()));
    }

    /** A wrong message without a name goes out. */
    void saidNameless() {
        nameless++;
    }

    /** The whole conversation, after its client has hung up. */
    void requireKept(List<InteractResponse> events) {
        String speaking = "";
        int latest = -1;
        for (InteractResponse event : events) {
            String id = event.getEventId();
            if (id.isEmpty()) {
                assertThat(event.hasError()).isTrue();
                nameless--;
                continue;
            }
            Told of = Objects.requireNonNull(said.get(id), "an utterance that was said");
            switch (event.getEventCase()) {
                case ANALYSIS -> of.analyses++;
                case ERROR -> {
                    of.errors++;
                    speaking = speaking.equals(id) ? "" : speaking;
                }
                case REPLY_STARTED -> {
                    assertThat(speaking).as("one reply at a time").isEmpty();
                    assertThat(of.analyses).as("first read, then answered").isEqualTo(1);
                    assertThat(of.place).as("replies in order").isGreaterThan(latest);
                    latest = of.place;
                    speaking = id;
                    of.started++;
                }
                case TOKEN ->
                    assertThat(id).as("tokens between start and finish").isEqualTo(speaking);
                case REPLY_FINISHED -> {
                    if (of.started == 0) {
                        assertThat(event.getReplyFinished().getReason())
                                .isEqualTo(FinishReason.FINISH_REASON_INTERRUPTED);
                    } else {
                        assertThat(id).as("the finish of what was begun").isEqualTo(speaking);
                        speaking = "";
                    }
                    of.finished++;
                }
                default -> throw new AssertionError("nobody asked for " + event.getEventCase());
            }
        }
        assertThat(nameless).as("errors of nameless messages").isZero();
        said.forEach(StormPromises::requireKept);
    }

    private static void requireKept(String id, Told told) {
        String what = "%s (%s): %d analyses, %d errors, %d starts, %d finishes"
                .formatted(id, told.wish, told.analyses, told.errors, told.started, told.finished);
        switch (told.wish) {
            case WRONG ->
                assertThat(told.errors == 1 && told.analyses + told.started + told.finished == 0)
                        .as(what)
                        .isTrue();
            case LISTEN ->
                assertThat(told.errors + told.analyses == 1 && told.started + told.finished == 0)
                        .as(what)
                        .isTrue();
            case REPLY -> {
                boolean unread = told.analyses == 0 && told.errors == 1 && told.started + told.finished == 0;
                boolean read = told.analyses == 1 && told.errors + told.finished == 1 && told.started <= 1;
                assertThat(unread || read).as(what).isTrue();
            }
        }
    }

    /** A Generate call that ended well. */
    static void requireReply(String requestId, List<GenerateResponse> events) {
        assertThat(events)
                .hasSizeGreaterThan(1)
                .allMatch(event -> event.getRequestId().equals(requestId));
        assertThat(events.getFirst().hasStarted()).isTrue();
        assertThat(events.getLast().hasFinished()).isTrue();
        assertThat(events.subList(1, events.size() - 1)).allMatch(GenerateResponse::hasToken);
        assertThat(events.getLast().getFinished().getUsage().getCompletionTokens())
                .isEqualTo(events.size() - 2);
    }

    /** A text of the model that goes on with the alphabet: whatever the company, no letter is lost or repeated. */
    static void requireAlphabet(List<GenerateResponse> events) {
        StringBuilder text = new StringBuilder();
        for (GenerateResponse event : events) {
            text.append(event.getToken().getTextDelta())
                    .append(event.getFinished().getTextDelta());
        }
        for (int i = 1; i < text.length(); i++) {
            char before = text.charAt(i - 1);
            assertThat(text.charAt(i)).as(text.toString()).isEqualTo(before == 'z' ? 'a' : (char) (before + 1));
        }
    }
}
