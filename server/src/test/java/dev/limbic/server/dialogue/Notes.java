package dev.limbic.server.dialogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.server.dialogue.DialogueEvent.Failed;
import dev.limbic.server.dialogue.DialogueEvent.Heard;
import dev.limbic.server.dialogue.DialogueEvent.ReplyEnded;
import dev.limbic.server.dialogue.DialogueEvent.ReplyStarted;
import dev.limbic.server.dialogue.DialogueEvent.ReplyToken;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** An audience that writes everything down. */
final class Notes implements Dialogue.Audience {
    private final List<DialogueEvent> events = new ArrayList<>();
    final AtomicInteger done = new AtomicInteger();
    volatile boolean listens = true;

    @Override
    public synchronized void event(DialogueEvent event) {
        events.add(event);
    }

    @Override
    public void done(Utterance utterance, long remembered) {
        done.incrementAndGet();
    }

    @Override
    public boolean listens() {
        return listens;
    }

    synchronized List<DialogueEvent> all() {
        return List.copyOf(events);
    }

    List<DialogueEvent> of(String id) {
        return all().stream().filter(event -> event.cause().id().equals(id)).toList();
    }

    /** Kinds of an utterance's events, tokens left out, such as {@code "heard started ended"}. */
    String story(String id) {
        StringBuilder story = new StringBuilder();
        for (DialogueEvent event : of(id)) {
            String word = switch (event) {
                case Heard heard -> "heard";
                case Failed failed -> "failed";
                case ReplyStarted started -> "started";
                case ReplyToken token -> "";
                case ReplyEnded ended -> "ended";
            };
            story.append(story.isEmpty() || word.isEmpty() ? "" : " ").append(word);
        }
        return story.toString();
    }

    String text(String id) {
        StringBuilder text = new StringBuilder();
        for (DialogueEvent event : of(id)) {
            if (event instanceof ReplyToken token) {
                text.append(token.token().text());
            } else if (event instanceof ReplyEnded ended) {
                text.append(ended.finish().text());
            }
        }
        return text.toString();
    }

    <E> E only(String id, Class<E> kind) {
        List<E> found = of(id).stream().filter(kind::isInstance).map(kind::cast).toList();
        assertThat(found).as("%s of %s", kind.getSimpleName(), id).hasSize(1);
        return found.getFirst();
    }
}
