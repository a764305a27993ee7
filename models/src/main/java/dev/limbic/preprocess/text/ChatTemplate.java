package dev.limbic.preprocess.text;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** STUB. */
public final class ChatTemplate {
    private ChatTemplate() {}

    /** STUB. */
    public static Optional<ChatTemplate> open(Path folder) {
        return Optional.of(new ChatTemplate());
    }

    /** STUB. */
    public String render(List<ChatMessage> messages, boolean add, Map<String, Object> variables) {
        return messages.toString();
    }
}
