package dev.limbic.server.command;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Cue;
import dev.limbic.domain.Emotions;
import dev.limbic.server.dialogue.Dialogue;
import dev.limbic.server.dialogue.DialogueEvent;
import dev.limbic.server.dialogue.Utterance;
import dev.limbic.server.pipeline.Answer;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;

/** Prints a conversation as it happens. */
final class ChatScreen implements Dialogue.Audience {
    private static final CanonicalEmotion[] EMOTIONS = CanonicalEmotion.values();

    private final PrintStream out;
    private final Map<String, List<String>> labels;
    private final Semaphore ended = new Semaphore(0);
    private boolean writes;

    /** @param labels of each text model, by its name */
    ChatScreen(PrintStream out, Map<String, List<String>> labels) {
        this.out = out;
        this.labels = labels;
    }

    @Override
    public void event(DialogueEvent event) {
        switch (event) {
            case DialogueEvent.Heard heard -> out.println("     " + heard(heard.answer()));
            case DialogueEvent.ReplyStarted started -> {
                out.println("     " + intention(started));
                out.print("  > ");
                writes = true;
            }
            case DialogueEvent.ReplyToken token -> out.print(token.token().text());
            case DialogueEvent.ReplyEnded ended -> {
                out.println(ended.finish().text());
                out.println();
                writes = false;
            }
            case DialogueEvent.Failed failed -> {
                out.println((writes ? System.lineSeparator() : "") + "     "
                        + failed.failure().getMessage());
                writes = false;
            }
        }
        out.flush();
    }

    private String heard(Answer<Emotions> answer) {
        Emotions emotions = answer.value();
        StringBuilder text = new StringBuilder();
        List<String> names = labels.getOrDefault(answer.model(), List.of());
        for (int id : Tables.strongest(emotions.probabilities(), 2)) {
            text.append(String.format(
                    Locale.ROOT, "%s %.2f  ", id < names.size() ? names.get(id) : "?", emotions.probabilities()[id]));
        }
        int best = Tables.strongest(emotions.canonical(), 1).getFirst();
        return text
                + String.format(
                        Locale.ROOT,
                        "(%s %.2f, intensity %.2f)",
                        EMOTIONS[best].name().toLowerCase(Locale.ROOT),
                        emotions.canonical()[best],
                        emotions.intensity());
    }

    private static String intention(DialogueEvent.ReplyStarted started) {
        Cue cue = started.cue();
        String strategy = started.strategy().isEmpty() ? "as asked" : started.strategy();
        return String.format(
                Locale.ROOT,
                "%s: %s %.2f%s",
                strategy,
                cue.emotion().name().toLowerCase(Locale.ROOT),
                cue.intensity(),
                started.model().isEmpty() ? ", a ready-made line" : "");
    }

    @Override
    public void done(Utterance utterance, long remembered) {
        ended.release();
    }

    @Override
    public boolean listens() {
        return true;
    }

    /** Waits until one more utterance is over. */
    void awaitEnd() throws InterruptedException {
        ended.acquire();
    }
}
