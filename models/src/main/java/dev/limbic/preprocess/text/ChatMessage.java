package dev.limbic.preprocess.text;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One message of a conversation, as a chat template sees it.
 *
 * @param role who speaks: {@code system}, {@code user}, {@code assistant} or what a template knows
 * @param content what is said
 * @param extra further keys that some templates read, such as {@code emotion}
 */
public record ChatMessage(String role, String content, Map<String, String> extra) {
    /** Copies what is further, which must not name the two other keys. */
    public ChatMessage {
        // In the order given, which a template that prints a message shows.
        extra = Collections.unmodifiableMap(new LinkedHashMap<>(extra));
        if (extra.containsKey("role") || extra.containsKey("content")) {
            throw new IllegalArgumentException("'role' and 'content' of a message are given once");
        }
    }

    /** A message with nothing further. */
    public ChatMessage(String role, String content) {
        this(role, content, Map.of());
    }
}
