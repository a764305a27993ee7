package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.domain.LimbicException;
import dev.limbic.preprocess.jinja.Template;
import dev.limbic.preprocess.jinja.TemplateException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a model wants a conversation written: the template that its folder has, rendered as transformers'
 * {@code apply_chat_template} does. What a template uses and is not supported is refused when it is opened. Thread-safe.
 *
 * <p>Content of messages is put in as it is. What of it comes from a user should go through
 * {@link PromptEncoder#harmless} first, or a user can write a special token and with it messages of others.
 */
public final class ChatTemplate {
    private static final String CONFIG = "tokenizer_config.json";
    private static final String FILE = "chat_template.jinja";
    private static final String KEY = "chat_template";

    private static final String TOKEN = "_token";

    /** Tokens that every tokenizer can have. A model's own end in the same way, but so may other settings. */
    private static final Set<String> NAMED =
            Set.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    private final Template template;
    private final Map<String, Object> tokens;
    private final Supplier<LocalDateTime> clock;

    private ChatTemplate(Template template, Map<String, Object> tokens, Supplier<LocalDateTime> clock) {
        this.template = template;
        this.tokens = tokens;
        this.clock = clock;
    }

    /**
     * Opens the template of a model folder: {@code chat_template.jinja}, else the key {@code chat_template} of
     * {@code tokenizer_config.json}, a text or a list of which the one called {@code default} is taken.
     *
     * @return none if the folder has none: a model without one is no chat model
     * @throws TokenizerException if it is damaged or uses what is not supported
     */
    public static Optional<ChatTemplate> open(Path folder) {
        return open(folder, LocalDateTime::now);
    }

    static Optional<ChatTemplate> open(Path folder, Supplier<LocalDateTime> clock) {
        Path configFile = folder.resolve(CONFIG);
        ObjectNode config =
                Files.exists(configFile) ? TokenizerFiles.object(configFile) : JsonNodeFactory.instance.objectNode();
        Path file = folder.resolve(FILE);
        String source;
        if (Files.exists(file)) {
            source = TokenizerFiles.text(file, Template.MAX_SOURCE * 4L);
        } else if (config.path(KEY).isMissingNode() || config.path(KEY).isNull()) {
            return Optional.empty();
        } else {
            file = configFile;
            source = source(configFile, config.get(KEY));
        }
        try {
            return Optional.of(new ChatTemplate(Template.parse(source), tokens(folder, configFile, config), clock));
        } catch (TemplateException e) {
            throw new TokenizerException(file + ": " + KEY + ": " + e.getMessage(), e);
        }
    }

    private static String source(Path file, JsonNode given) {
        if (given.isTextual()) {
            return given.textValue();
        }
        if (given.isArray()) {
            for (JsonNode each : given) {
                if (each.path("name").asText("").equals("default")
                        && each.path("template").isTextual()) {
                    return each.get("template").textValue();
                }
            }
        }
        throw new TokenizerException(file + ": key '" + KEY
                + "': expected a string, or a list of {name, template} with one called 'default', found "
                + given.getNodeType().name().toLowerCase(Locale.ROOT));
    }

    /**
     * The tokens that templates name, such as {@code bos_token}; one that is not set is undefined, as in transformers. So
     * is the older file's part: it wins where the configuration does not list the added tokens itself.
     */
    private static Map<String, Object> tokens(Path folder, Path configFile, ObjectNode config) {
        Map<String, Object> tokens = new HashMap<>();
        addTokens(tokens, configFile, config);
        Path older = folder.resolve("special_tokens_map.json");
        if (Files.exists(older) && !config.has("added_tokens_decoder")) {
            addTokens(tokens, older, TokenizerFiles.object(older));
        }
        return tokens;
    }

    private static void addTokens(Map<String, Object> tokens, Path file, ObjectNode source) {
        source.properties().forEach(entry -> {
            JsonNode value = entry.getValue();
            JsonNode content = value.isObject() ? value.path("content") : value;
            if (!entry.getKey().endsWith(TOKEN)) {
                return;
            }
            if (content.isTextual()) {
                tokens.put(entry.getKey(), content.textValue());
            } else if (NAMED.contains(entry.getKey()) && !value.isNull()) {
                throw new TokenizerException(file + ": key '" + entry.getKey()
                        + "': expected a string or an object with a string as 'content', found " + value);
            }
        });
    }

    /**
     * Writes a conversation as the model wants it.
     *
     * @param messages one at least
     * @param addGenerationPrompt whether the beginning of the model's reply is added
     * @param variables what else the template may read, of JSON's kinds; they win over the tokenizer's tokens
     * @throws LimbicException.Invalid if the template refuses the conversation, with its own words, or cannot render it
     */
    public String render(
            List<ChatMessage> messages,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> variables) {
        if (messages.isEmpty()) {
            throw new LimbicException.Invalid("a conversation needs one message at least, found none");
        }
        Map<String, @Nullable Object> all = new HashMap<>(tokens);
        // Given as none by transformers, so that templates find them defined.
        all.put("tools", null);
        all.put("documents", null);
        all.putAll(variables);
        all.put("messages", messages.stream().map(ChatTemplate::asMap).toList());
        all.put("add_generation_prompt", addGenerationPrompt);
        try {
            return template.render(all, clock);
        } catch (TemplateException e) {
            throw new LimbicException.Invalid(
                    e.kind() == TemplateException.Kind.RAISED
                            ? e.getMessage()
                            : "the model's chat template cannot render this conversation: " + e.getMessage());
        }
    }

    private static Map<String, Object> asMap(ChatMessage message) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("role", message.role());
        map.put("content", message.content());
        map.putAll(message.extra());
        return map;
    }
}
