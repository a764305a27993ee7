package dev.limbic.preprocess.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the ids and texts of transformers, for one tiny tokenizer of each kind; see make_prompt_golden.py. */
class PromptGoldenTest {

    static Path folder(String name) {
        try {
            return Path.of(Objects.requireNonNull(PromptGoldenTest.class.getResource("/golden-templates/" + name))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int[] ids(JsonNode list) {
        return IntStream.range(0, list.size()).map(i -> list.get(i).asInt()).toArray();
    }

    private static String text(TokenVocabulary vocabulary, int[] ids) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int id : ids) {
            bytes.writeBytes(vocabulary.bytes(id));
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"byte-level", "starter", "llama-3", "sentence-pieces", "sentence-pieces-newer", "unigram"})
    void agreesWithTransformers(String name) throws IOException {
        PromptEncoder encoder = PromptEncoder.open(folder(name));
        TokenVocabulary vocabulary = TokenVocabulary.open(folder(name));
        JsonNode texts =
                new ObjectMapper().readTree(folder(name).resolve("texts.json").toFile());
        assertThat(texts).hasSizeGreaterThan(30);
        for (JsonNode each : texts) {
            String text = each.get("text").asText();
            int[] ids = ids(each.get("ids"));
            assertThat(encoder.encode(text)).as(text).containsExactly(ids);
            assertThat(encoder.encodePlain(text)).as(text).containsExactly(ids(each.get("with_special")));
            String decoded = text(vocabulary, ids);
            assertThat(decoded).as(text).isEqualTo(each.get("continued").asText());
            String alone =
                    vocabulary.startsWithStrippedSpace() && decoded.startsWith(" ") ? decoded.substring(1) : decoded;
            assertThat(alone).as(text).isEqualTo(each.get("decoded").asText());
        }
    }
}
