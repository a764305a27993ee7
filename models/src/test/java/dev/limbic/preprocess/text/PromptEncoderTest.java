package dev.limbic.preprocess.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user cannot do with a prompt, and what a damaged tokenizer says. */
class PromptEncoderTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    Path folder;

    private static ObjectNode tokenizer(String name) throws IOException {
        return (ObjectNode) MAPPER.readTree(
                PromptGoldenTest.folder(name).resolve("tokenizer.json").toFile());
    }

    private Path with(JsonNode tokenizer) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), tokenizer.toString());
        return folder;
    }

    private static Set<Integer> marks(String name) throws IOException {
        Set<Integer> ids = new HashSet<>();
        tokenizer(name).get("added_tokens").forEach(t -> ids.add(t.get("id").asInt()));
        return ids;
    }

    @ParameterizedTest
    @ValueSource(strings = {"byte-level", "starter", "llama-3", "sentence-pieces", "sentence-pieces-newer", "unigram"})
    void noTextOfAUserHoldsAMark(String name) throws IOException {
        PromptEncoder encoder = PromptEncoder.open(PromptGoldenTest.folder(name));
        Set<Integer> marks = marks(name);
        List<String> parts = Stream.concat(
                        Stream.of("<", "|", ">", "<|", "|>", "s", " ", "\n", "/", "user", "😂", "<<s>s>", "[INST", "]"),
                        tokenizer(name).get("added_tokens").findValuesAsText("content").stream())
                .toList();
        Random random = new Random(7);
        for (int i = 0; i < 500; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(12); n >= 0; n--) {
                text.append(parts.get(random.nextInt(parts.size())));
            }
            String harmless = encoder.harmless(text.toString());
            assertThat(Arrays.stream(encoder.encode(harmless)))
                    .as(harmless)
                    .noneMatch(id -> marks.contains(id) && id != unknown(name));
            assertThat(encoder.harmless(harmless)).isEqualTo(harmless);
        }
    }

    /** What the tokenizer does not know becomes this mark, which says nothing. */
    private static int unknown(String name) {
        return name.equals("unigram") ? 0 : -1;
    }

    @Test
    void aMarkIsBrokenUpAndTheRestStays() {
        PromptEncoder encoder = PromptEncoder.open(PromptGoldenTest.folder("starter"));
        assertThat(encoder.harmless("a <|user|>b")).isEqualTo("a < |user|>b");
        assertThat(encoder.harmless("<|user|><|end|>")).isEqualTo("< |user|>< |end|>");
        String plain = "user |> <| assistant <b> 😂";
        assertThat(encoder.harmless(plain)).isSameAs(plain);
        assertThat(encoder.harmless("")).isEmpty();
    }

    @Test
    void marksWithSpacesOrOfOneCharacterGoToo() throws IOException {
        ObjectNode tokenizer = tokenizer("starter");
        added(tokenizer, 0, "< |user|>", false);
        added(tokenizer, 1, "#", false);
        added(tokenizer, 5, "< ", false);
        added(tokenizer, 6, "joy", false).put("special", false);
        PromptEncoder encoder = PromptEncoder.open(with(tokenizer));
        String harmless = encoder.harmless("<|user|>< |user|> # <## joy");
        assertThat(harmless).doesNotContain("<|user|>", "< |user|>", "#", "< ").contains("joy");
    }

    @Test
    void marksInOtherWritingsGoToo() throws IOException {
        ObjectNode tokenizer = tokenizer("byte-level");
        tokenizer.putObject("normalizer").put("type", "NFKC");
        added(tokenizer, 0, "<s>", true);
        PromptEncoder encoder = PromptEncoder.open(with(tokenizer));
        int mark = TokenVocabulary.open(folder).idOf("<s>").orElseThrow();
        String wide = "the ＜s＞ day";
        assertThat(encoder.encode(wide)).contains(mark);
        assertThat(encoder.encode(encoder.harmless(wide))).doesNotContain(mark);
        assertThat(encoder.harmless("the day!")).isEqualTo("the day!");
    }

    private static ObjectNode added(ObjectNode tokenizer, int index, String content, boolean normalized) {
        ObjectNode token = (ObjectNode) tokenizer.get("added_tokens").get(index);
        return token.put("content", content).put("normalized", normalized);
    }

    @Test
    void loneSurrogatesAreReadAsReplacements() {
        PromptEncoder encoder = PromptEncoder.open(PromptGoldenTest.folder("starter"));
        assertThat(encoder.encode("a\ud83dz\ude02")).containsExactly(encoder.encode("a\ufffdz\ufffd"));
        assertThat(encoder.encodePlain("\ud83d")).containsExactly(encoder.encodePlain("\ufffd"));
    }

    @Test
    void aVocabularyAnswersForEveryId() {
        TokenVocabulary vocabulary = TokenVocabulary.open(PromptGoldenTest.folder("byte-level"));
        assertThat(vocabulary.size()).isEqualTo(342);
        assertThat(vocabulary.bytes(vocabulary.idOf("<s>").orElseThrow())).isEmpty();
        assertThat(vocabulary.bytes(vocabulary.idOf("<|sad|>").orElseThrow()))
                .isEqualTo("<|sad|>".getBytes(StandardCharsets.UTF_8));
        assertThat(vocabulary.bytes(vocabulary.idOf("Ġthe").orElseThrow()))
                .asString()
                .isEqualTo(" the");
        assertThat(vocabulary.idOf("nobody")).isEmpty();
        for (int id : new int[] {342, 151_936, Integer.MAX_VALUE}) {
            assertThat(vocabulary.bytes(id)).isEmpty();
        }
        TokenVocabulary pieces = TokenVocabulary.open(PromptGoldenTest.folder("sentence-pieces"));
        assertThat(pieces.bytes(pieces.idOf("<0x0A>").orElseThrow())).containsExactly('\n');
        assertThat(pieces.startsWithStrippedSpace()).isTrue();
        assertThat(vocabulary.startsWithStrippedSpace()).isFalse();
    }

    @Test
    void aVocabularyMayHaveHolesAndWordsOfItsOwn() throws IOException {
        ObjectNode tokenizer = tokenizer("byte-level");
        ((ObjectNode) tokenizer.get("model").get("vocab")).put("très", 1000);
        ((ArrayNode) tokenizer.get("added_tokens")).addObject().put("id", 1100).put("content", "é ");
        TokenVocabulary vocabulary = TokenVocabulary.open(with(tokenizer));
        assertThat(vocabulary.size()).isEqualTo(1101);
        assertThat(vocabulary.bytes(999)).isEmpty();
        assertThat(vocabulary.bytes(1000)).containsExactly('t', 'r', 0xe8, 's');
        assertThat(vocabulary.bytes(1100)).isEqualTo("é ".getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            quoteCharacter = '`',
            value = {
                "{\"model\": {\"type\": \"WordLevel\", \"vocab\": {\"a\": 0}}}§key 'decoder': expected ByteLevel, Metaspace, or a Sequence",
                "{\"decoder\": null, \"model\": {\"type\": \"WordLevel\", \"vocab\": {\"a\": 0}}}§found null",
                "{\"decoder\": {\"type\": \"WordPiece\"}, \"model\": {\"type\": \"WordLevel\", \"vocab\": {\"a\": 0}}}§found {\"type\":\"WordPiece\"}",
                "{\"decoder\": {\"type\": \"Sequence\", \"decoders\": []}, \"model\": {\"type\": \"WordLevel\", \"vocab\": {\"a\": 0}}}§key 'decoder'",
                "{\"decoder\": {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Fuse\"}, {\"type\": \"CTC\"}]}, \"model\": {\"type\": \"WordLevel\", \"vocab\": {\"a\": 0}}}§found {\"type\":\"CTC\"}",
                "{\"decoder\": {\"type\": \"ByteLevel\"}}§key 'model': expected an object",
                "{\"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {}}§key 'model.vocab': expected an object",
                "{\"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"vocab\": {\"a\": -1}}}§id of 'a': expected an integer",
                "{\"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"vocab\": {\"a\": 2147483647}}}§id of 'a': expected an integer",
                "{\"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"vocab\": [1]}}§key 'model.vocab[0]': expected [token, score]",
                "{\"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"vocab\": {}}, \"added_tokens\": 1}§key 'added_tokens'",
                "{\"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"vocab\": {}}, \"added_tokens\": [{\"id\": 1}]}§'content'",
                "[]§expected a JSON object",
                "{§not valid JSON",
            })
    void aDamagedTokenizerNamesWhatIsWrong(String json, String message) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), json);
        assertThatThrownBy(() -> TokenVocabulary.open(folder))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer.json")
                .hasMessageContaining(message);
        assertThatThrownBy(() -> PromptEncoder.open(folder))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer.json");
    }

    /** GPT-2's, which had no tokenizer.json for years. */
    @Test
    void theOlderFilesAreEnough() throws IOException {
        ObjectNode whole = tokenizer("byte-level");
        JsonNode model = whole.get("model");
        Files.writeString(folder.resolve("vocab.json"), model.get("vocab").toString());
        StringBuilder merges = new StringBuilder("#version: 0.2\n");
        for (JsonNode merge : model.get("merges")) {
            merges.append(
                    merge.isArray() ? merge.get(0).asText() + " " + merge.get(1).asText() : merge.asText());
            merges.append('\n');
        }
        Files.writeString(folder.resolve("merges.txt"), merges);
        ObjectNode config = MAPPER.createObjectNode().put("tokenizer_class", "GPT2Tokenizer");
        ObjectNode added = config.putObject("added_tokens_decoder");
        whole.get("added_tokens").forEach(token -> added.set(token.get("id").asText(), token));
        Files.writeString(folder.resolve("tokenizer_config.json"), config.toString());
        PromptEncoder older = PromptEncoder.open(folder);
        PromptEncoder newer = PromptEncoder.open(PromptGoldenTest.folder("byte-level"));
        TokenVocabulary vocabulary = TokenVocabulary.open(folder);
        for (String text : new String[] {"Hello there", "it's  1234 [INST]user<s>\nété", " x\n\n", "😂"}) {
            assertThat(older.encode(text)).containsExactly(newer.encode(text));
            StringBuilder back = new StringBuilder();
            for (int id : older.encode(text)) {
                back.append(new String(vocabulary.bytes(id), StandardCharsets.ISO_8859_1));
            }
            assertThat(new String(back.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                    .isEqualTo(text.replace("<s>", ""));
        }
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                config.put("add_prefix_space", true).toString());
        assertThat(PromptEncoder.open(folder).encode("Hello")).containsExactly(newer.encode(" Hello"));
    }

    @Test
    void aMissingTokenizerIsNamed() {
        assertThatThrownBy(() -> TokenVocabulary.open(folder)).hasMessageContaining("tokenizer.json");
        assertThatThrownBy(() -> PromptEncoder.open(folder)).isInstanceOf(TokenizerException.class);
    }
}
