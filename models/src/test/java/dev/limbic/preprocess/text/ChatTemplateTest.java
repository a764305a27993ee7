package dev.limbic.preprocess.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.domain.LimbicException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what transformers renders from templates of public models; see make_prompt_golden.py. */
class ChatTemplateTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final List<ChatMessage> HELLO = List.of(new ChatMessage("user", "Hello"));

    @TempDir
    Path folder;

    /** A template of a public model with what is rendered from it. */
    record Golden(String name, JsonNode entry, List<List<ChatMessage>> conversations) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Golden> goldens() throws IOException {
        JsonNode all = MAPPER.readTree(PromptGoldenTest.folder("templates.json").toFile());
        List<List<ChatMessage>> conversations = new ArrayList<>();
        for (JsonNode conversation : all.get("conversations")) {
            conversations.add(StreamSupport.stream(conversation.spliterator(), false)
                    .map(ChatTemplateTest::message)
                    .toList());
        }
        return StreamSupport.stream(all.get("templates").spliterator(), false)
                .map(entry -> new Golden(entry.get("name").asText(), entry, conversations));
    }

    private static ChatMessage message(JsonNode json) {
        Map<String, String> extra = new LinkedHashMap<>();
        ((ObjectNode) json)
                .properties()
                .forEach(e -> extra.put(e.getKey(), e.getValue().asText()));
        extra.keySet().removeAll(List.of("role", "content"));
        return new ChatMessage(json.get("role").asText(), json.get("content").asText(), extra);
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void rendersWhatTransformersRenders(Golden golden) throws IOException {
        ChatTemplate template = template(golden.entry().get("config").toString());
        for (JsonNode expected : golden.entry().get("cases")) {
            @SuppressWarnings("unchecked")
            Map<String, Object> variables = MAPPER.convertValue(expected.get("variables"), Map.class);
            List<ChatMessage> conversation =
                    golden.conversations().get(expected.get("conversation").asInt());
            boolean prompt = expected.get("add_generation_prompt").asBoolean();
            if (expected.has("raised")) {
                assertThatThrownBy(() -> template.render(conversation, prompt, variables))
                        .isInstanceOf(LimbicException.Invalid.class)
                        .hasMessage(expected.get("raised").asText());
            } else {
                assertThat(template.render(conversation, prompt, variables))
                        .as(expected.toString())
                        .isEqualTo(expected.get("text").asText());
            }
        }
        assertThat(golden.entry().get("cases")).hasSize(32);
    }

    private ChatTemplate template(String config) throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), config);
        return ChatTemplate.open(folder, () -> LocalDateTime.of(2026, 9, 7, 1, 2))
                .orElseThrow();
    }

    private ChatTemplate ofSource(String source) throws IOException {
        return template(MAPPER.createObjectNode().put("chat_template", source).toString());
    }

    @Test
    void aFolderWithoutATemplateHasNone() throws IOException {
        assertThat(ChatTemplate.open(folder)).isEmpty();
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"chat_template\": null}");
        assertThat(ChatTemplate.open(folder)).isEmpty();
    }

    @Test
    void theFileOfItsOwnWins() throws IOException {
        Files.writeString(folder.resolve("chat_template.jinja"), "file{{ eos_token }}");
        assertThat(template("{\"chat_template\": \"key\", \"eos_token\": \"!\"}")
                        .render(HELLO, true, Map.of()))
                .isEqualTo("file!");
        assertThat(ChatTemplate.open(PromptGoldenTest.folder("starter"))).isPresent();
    }

    @Test
    void tokensComeFromBothFiles() throws IOException {
        Files.writeString(
                folder.resolve("special_tokens_map.json"),
                "{\"bos_token\": {\"content\": \"<b>\"}, \"pad_token\": \"<p>\"}");
        String template = "\"chat_template\": \"{{ bos_token }}{{ pad_token }}{{ image_token }}{{ unk_token }}\"";
        String tokens =
                "\"bos_token\": \"<x>\", \"image_token\": \"<i>\", \"add_bos_token\": true, \"unk_token\": null, ";
        assertThat(template("{" + tokens + template + "}").render(HELLO, true, Map.of()))
                .isEqualTo("<b><p><i>");
        assertThat(template("{\"added_tokens_decoder\": {}, " + tokens + template + "}")
                        .render(HELLO, true, Map.of()))
                .isEqualTo("<x><i>");
        assertThat(template("{" + tokens + template + "}").render(HELLO, true, Map.of("bos_token", "mine")))
                .isEqualTo("mine<p><i>");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            quoteCharacter = '`',
            value = {
                "[1]§expected a JSON object",
                "{§not valid JSON",
                "{\"chat_template\": 7}§key 'chat_template': expected a string",
                "{\"chat_template\": []}§one called 'default', found array",
                "{\"chat_template\": [{\"name\": \"default\"}]}§one called 'default', found array",
                "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"\"}]}§one called 'default', found array",
                "{\"chat_template\": \"a\", \"chat_template\": \"b\"}§not valid JSON",
                "{\"chat_template\": \"a\", \"bos_token\": 7}§key 'bos_token': expected a string",
                "{\"chat_template\": \"a\", \"bos_token\": {\"x\": 1}}§key 'bos_token': expected a string",
                "{\"chat_template\": \"{{ x | foo }}\"}§chat_template: line 1: the filter 'foo' is not supported",
                "{\"chat_template\": \"{% if %}\"}§chat_template: line 1: expected a value",
            })
    void aDamagedFolderNamesWhatIsWrong(String config, String message) {
        assertThatThrownBy(() -> template(config))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer_config.json")
                .hasMessageContaining(message);
    }

    @Test
    void aTemplateIsBounded() throws IOException {
        assertThatThrownBy(() -> ofSource("x".repeat((256 << 10) + 1))).isInstanceOf(TokenizerException.class);
        Files.writeString(folder.resolve("chat_template.jinja"), "x".repeat((1 << 20) + 1));
        assertThatThrownBy(() -> ChatTemplate.open(folder))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("chat_template.jinja");
        Files.write(folder.resolve("chat_template.jinja"), new byte[] {(byte) 0xff});
        assertThatThrownBy(() -> ChatTemplate.open(folder)).isInstanceOf(TokenizerException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{ messages[9].role }}", "{{ 1 / 0 }}", "{{ messages + 1 }}"})
    void whatCannotBeRenderedIsInvalid(String source) throws IOException {
        ChatTemplate template = ofSource(source);
        assertThatThrownBy(() -> template.render(HELLO, true, Map.of()))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessageStartingWith("the model's chat template cannot render this conversation: line 1: ");
        assertThatThrownBy(() -> template.render(List.of(), true, Map.of()))
                .isInstanceOf(LimbicException.Invalid.class);
    }

    @Test
    void whatTransformersAlwaysGivesIsDefined() throws IOException {
        assertThat(ofSource("{{ tools is defined and tools is none and documents is none }}{{ add_generation_prompt }}")
                        .render(HELLO, false, Map.of()))
                .isEqualTo("TrueFalse");
    }

    @Test
    void messagesAreCopied() throws IOException {
        Map<String, String> extra = new LinkedHashMap<>(Map.of("emotion", "joy"));
        ChatMessage message = new ChatMessage("user", "Hello", extra);
        extra.put("emotion", "rage");
        assertThat(message.extra()).containsEntry("emotion", "joy");
        assertThatThrownBy(() -> new ChatMessage("user", "Hello", Map.of("role", "system")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(ofSource("{{ messages }}{{ strftime_now('%Y') }}").render(List.of(message), true, Map.of()))
                .isEqualTo("[{'role': 'user', 'content': 'Hello', 'emotion': 'joy'}]2026");
    }
}
