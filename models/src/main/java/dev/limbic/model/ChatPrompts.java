package dev.limbic.model;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Cue;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Turn;
import dev.limbic.generate.SteeringWords;
import dev.limbic.preprocess.text.ChatMessage;
import dev.limbic.preprocess.text.ChatTemplate;
import dev.limbic.preprocess.text.PromptEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes conversations as one model wants them: by its template, or as a transcript where it has none. Thread-safe.
 *
 * <p>A reply is steered by the model's control token for an emotion, or, where it has none, by a sentence in the prompt;
 * and by words that the emotion makes likelier, which also say how strongly.
 */
final class ChatPrompts {
    private static final String USER = "User:";
    private static final String ASSISTANT = "Assistant:";

    /** Grades of intensity that biases are kept for; finer ones sound the same. */
    private static final int GRADES = 16;

    private record Grade(CanonicalEmotion emotion, int grade) {}

    private final PromptEncoder encoder;
    private final Optional<ChatTemplate> template;
    private final Set<String> controls;
    private final SteeringWords words;
    private final Map<Grade, Map<Integer, Float>> biases = new ConcurrentHashMap<>();

    /** @param controls what the template's variable {@code emotion} may be */
    ChatPrompts(PromptEncoder encoder, Optional<ChatTemplate> template, Set<String> controls, SteeringWords words) {
        this.encoder = encoder;
        this.template = template;
        this.controls = controls;
        this.words = words;
    }

    LanguageModel.Prompt of(List<Turn> turns, @Nullable Cue cue) {
        check(turns);
        String control = cue == null ? null : control(cue);
        List<Turn> told = cue == null || control != null || cue.intensity() == 0 ? turns : instructed(turns, cue);
        int[] ids = encoder.encode(written(told, control, true));
        return new LanguageModel.Prompt(
                ids, shared(told, ids), template.isPresent() ? List.of() : List.of("\n" + USER));
    }

    LanguageModel.Prompt of(String text) {
        return new LanguageModel.Prompt(encoder.encodePlain(text), 0, List.of());
    }

    /** Name of the control token for a cue; null if the model has none. */
    @Nullable
    String control(Cue cue) {
        if (cue.intensity() == 0) {
            return null;
        }
        if (controls.contains(cue.style())) {
            return cue.style();
        }
        String name = cue.emotion().name().toLowerCase(Locale.ROOT);
        return controls.contains(name) ? name : null;
    }

    Map<Integer, Float> biases(Cue cue) {
        Grade grade = new Grade(cue.emotion(), Math.round(cue.intensity() * GRADES));
        return biases.computeIfAbsent(
                grade, each -> words.biases(each.emotion(), (float) each.grade() / GRADES, encoder::encode));
    }

    List<List<Integer>> spellings(String word) {
        List<List<Integer>> spellings = new ArrayList<>();
        for (String form : List.of(word, " " + word)) {
            List<Integer> ids =
                    IntStream.of(encoder.encode(encoder.harmless(form))).boxed().toList();
            if (!ids.isEmpty() && !spellings.contains(ids)) {
                spellings.add(ids);
            }
        }
        return spellings;
    }

    private static void check(List<Turn> turns) {
        if (turns.isEmpty()) {
            throw new LimbicException.Invalid("a conversation must have at least one turn, found none");
        }
        for (int i = 1; i < turns.size(); i++) {
            if (turns.get(i).role() == Turn.Role.SYSTEM) {
                throw new LimbicException.Invalid(
                        "only the first turn may be the system's, found it at place " + (i + 1));
            }
        }
    }

    /** The instruction becomes the end of the persona, or the persona. */
    private List<Turn> instructed(List<Turn> turns, Cue cue) {
        String instruction = words.instruction(cue.emotion(), cue.intensity());
        List<Turn> told = new ArrayList<>(turns);
        if (turns.getFirst().role() == Turn.Role.SYSTEM) {
            String persona = turns.getFirst().text().strip();
            told.set(0, new Turn(Turn.Role.SYSTEM, persona + " " + instruction, null));
        } else {
            told.add(0, new Turn(Turn.Role.SYSTEM, instruction, null));
        }
        return told;
    }

    private String written(List<Turn> turns, @Nullable String control, boolean reply) {
        return template.isPresent() ? rendered(template.get(), turns, control, reply) : transcript(turns, reply);
    }

    private String rendered(ChatTemplate form, List<Turn> turns, @Nullable String control, boolean reply) {
        List<ChatMessage> messages = new ArrayList<>();
        for (Turn turn : turns) {
            String emotion = turn.emotion() == null ? "" : turn.emotion().name().toLowerCase(Locale.ROOT);
            messages.add(new ChatMessage(
                    turn.role().name().toLowerCase(Locale.ROOT),
                    encoder.harmless(turn.text()),
                    controls.contains(emotion) ? Map.of("emotion", emotion) : Map.of()));
        }
        return form.render(messages, reply, control == null ? Map.of() : Map.of("emotion", control));
    }

    private String transcript(List<Turn> turns, boolean reply) {
        StringBuilder text = new StringBuilder();
        for (Turn turn : turns) {
            String strip = turn.text().strip();
            String said = encoder.harmless(turn.role() == Turn.Role.SYSTEM ? strip : oneTurn(strip));
            switch (turn.role()) {
                case SYSTEM -> text.append(said).append("\n\n");
                case USER -> text.append(USER).append(' ').append(said).append('\n');
                case ASSISTANT ->
                    text.append(ASSISTANT).append(' ').append(said).append('\n');
            }
        }
        return reply ? text.append(ASSISTANT).toString() : text.toString();
    }

    /** What is said, in which no line begins like somebody's turn. A persona may hold a dialogue as an example. */
    private static String oneTurn(String said) {
        StringBuilder text = new StringBuilder();
        for (String line : said.lines().toList()) {
            String stripped = line.stripLeading();
            boolean turn = stripped.startsWith(USER) || stripped.startsWith(ASSISTANT);
            text.append(text.isEmpty() ? "" : turn ? " " : "\n").append(turn ? stripped : line);
        }
        return text.toString();
    }

    /** Tokens that any conversation with this persona begins with. */
    private int shared(List<Turn> turns, int[] ids) {
        if (turns.getFirst().role() != Turn.Role.SYSTEM) {
            return 0;
        }
        int[] persona;
        try {
            persona = encoder.encode(written(turns.subList(0, 1), null, false));
        } catch (LimbicException.Invalid refused) {
            return 0; // the template wants more than a persona
        }
        int different = Arrays.mismatch(persona, ids);
        return different < 0 ? ids.length : different;
    }
}
