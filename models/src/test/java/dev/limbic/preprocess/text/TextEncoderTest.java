package dev.limbic.preprocess.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.Encoding;
import dev.limbic.model.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the ids that transformers gives, which lie in each golden directory. */
class TextEncoderTest {
    private static final int LIMIT = 24;

    static Stream<Golden> goldens() {
        return Golden.names().stream().map(Golden::open);
    }

    /** One directory for each kind of tokeniser file. */
    static Stream<Golden> kinds() {
        return Stream.of("bert", "bert-relu-single", "roberta", "xlm-roberta").map(Golden::open);
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void givesTheIdsOfTransformers(Golden golden) {
        TextEncoder encoder = TextEncoder.open(golden.path()).limitedTo(LIMIT);
        assertThat(golden.texts()).hasSizeGreaterThan(15);
        for (Golden.Text text : golden.texts()) {
            Encoding found = encoder.encode(text.text());
            assertThat(found.ids()).as(text.text()).containsExactly(text.ids());
            assertThat(found.truncated()).as(text.text()).isEqualTo(text.truncated());
        }
    }

    @Test
    void coversEachKindOfTokeniserFile() {
        assertThat(kinds()).anyMatch(g -> Files.exists(g.path().resolve("vocab.txt")));
        assertThat(kinds()).anyMatch(g -> Files.exists(g.path().resolve("merges.txt")));
        assertThat(kinds()).anyMatch(g -> Files.exists(g.path().resolve("tokenizer.json")));
    }

    @Test
    void honoursModelMaxLength(@TempDir Path folder) throws IOException {
        assertThat(TextEncoder.open(Golden.open("bert").path()).limitedTo(200).maxTokens())
                .isEqualTo(LIMIT);
        unlimited(Golden.open("bert"), folder);
        assertThat(TextEncoder.open(folder).limitedTo(200).maxTokens()).isEqualTo(200);
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"model_max_length\":1e30}");
        assertThat(TextEncoder.open(folder).limitedTo(200).maxTokens()).isEqualTo(200);
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"model_max_length\":2}");
        assertThatThrownBy(() -> TextEncoder.open(folder).limitedTo(200))
                .hasMessageContaining("expected a limit above the 2 special tokens, found 2");
    }

    /** The tokeniser of a golden directory without its {@code model_max_length}. */
    private static Path unlimited(Golden golden, Path folder) throws IOException {
        for (String name : List.of("tokenizer.json", "vocab.txt", "vocab.json", "merges.txt")) {
            if (Files.exists(golden.path().resolve(name))) {
                Files.copy(golden.path().resolve(name), folder.resolve(name));
            }
        }
        String config = Files.readString(golden.path().resolve("tokenizer_config.json"));
        Files.writeString(
                folder.resolve("tokenizer_config.json"), config.replaceAll("\"model_max_length\": [0-9]+,\\s*", ""));
        return folder;
    }

    @ParameterizedTest
    @ValueSource(strings = {"bert", "roberta", "xlm-roberta"})
    void truncatesExactlyAtTheLimit(String name, @TempDir Path temporary) throws IOException {
        Path folder = unlimited(Golden.open(name), temporary);
        String text = "why would you do that to me? I am so angry";
        int[] whole = TextEncoder.open(folder).limitedTo(200).encode(text).ids();
        assertThat(TextEncoder.open(folder).limitedTo(whole.length).encode(text).truncated())
                .isFalse();
        for (int limit = 3; limit < whole.length; limit++) {
            Encoding cut = TextEncoder.open(folder).limitedTo(limit).encode(text);
            int[] expected = Arrays.copyOf(whole, limit);
            expected[limit - 1] = whole[whole.length - 1];
            assertThat(cut.ids()).containsExactly(expected);
            assertThat(cut.truncated()).isTrue();
        }
        assertThatThrownBy(() -> TextEncoder.open(folder).limitedTo(2))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("expected a limit above the 2 special tokens, found 2");
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void longTextIsReadOnlyInPartWithTheSameResult(Golden golden, @TempDir Path folder) throws IOException {
        int plenty = 60_000;
        TextEncoder all = TextEncoder.open(unlimited(golden, folder)).limitedTo(plenty);
        TextEncoder few = TextEncoder.open(golden.path()).limitedTo(LIMIT);
        Random random = new Random(7);
        String[] words = {
            "why", "angry", "  ", "\n", "été", "我今天", "<mask>", "x".repeat(300), "won't", "👩‍👩‍👧", "\u0001", "[SEP]"
        };
        for (int round = 0; round < 20; round++) {
            StringBuilder text = new StringBuilder(" ".repeat(random.nextInt(5000)));
            while (text.length() < 12_000) {
                text.append(words[random.nextInt(words.length)]).append(random.nextInt(4) == 0 ? "" : " ");
            }
            int[] whole = all.encode(text.toString()).ids();
            int[] expected = Arrays.copyOf(whole, LIMIT);
            expected[LIMIT - 1] = whole[whole.length - 1];
            assertThat(few.encode(text.toString()).ids()).containsExactly(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void survivesHostileText(Golden golden) {
        TextEncoder encoder = TextEncoder.open(golden.path()).limitedTo(LIMIT);
        int[] replaced = encoder.encode("a \uFFFD b \uFFFD\uFFFD").ids();
        assertThat(encoder.encode("a \uD83D b \uDC00\uD800").ids()).containsExactly(replaced);
        List<String> hostile = List.of(
                "\u0000".repeat(1000),
                " ".repeat(1 << 20),
                "a".repeat(1 << 20),
                "a ".repeat(1 << 19),
                "\uDC00".repeat(1 << 16),
                "\uD83D\uDC69\u200D".repeat(1 << 16),
                "e" + "\u0301".repeat(1 << 18),
                "\u202E\u05D0\u2066".repeat(1 << 16),
                "我".repeat(1 << 18),
                "\uFDFA".repeat(1 << 16));
        for (String text : hostile) {
            Encoding found = encoder.encode(text);
            assertThat(found.cost()).isBetween(2, LIMIT);
            assertThat(Arrays.stream(found.ids())).allMatch(id -> id >= 0 && id < encoder.vocabSize());
        }
    }

    @Test
    void survivesRandomText() {
        Random random = new Random(1);
        for (Golden golden : kinds().toList()) {
            TextEncoder encoder = TextEncoder.open(golden.path()).limitedTo(LIMIT);
            for (int round = 0; round < 2000; round++) {
                char[] text = new char[random.nextInt(60)];
                for (int i = 0; i < text.length; i++) {
                    text[i] = (char) random.nextInt(random.nextBoolean() ? 128 : 0x10000);
                }
                Encoding found = encoder.encode(new String(text));
                assertThat(found.cost()).isBetween(2, LIMIT);
                assertThat(Arrays.stream(found.ids())).allMatch(id -> id >= 0 && id < encoder.vocabSize());
            }
        }
    }

    @Test
    void mayBeSharedByThreads() throws Exception {
        Golden golden = Golden.open("roberta");
        TextEncoder encoder = TextEncoder.open(golden.path()).limitedTo(LIMIT);
        try (var threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                running.add(threads.submit(() -> {
                    for (int round = 0; round < 200; round++) {
                        Golden.Text text =
                                golden.texts().get(round % golden.texts().size());
                        assertThat(encoder.encode(text.text()).ids()).containsExactly(text.ids());
                    }
                }));
            }
            for (Future<?> thread : running) {
                thread.get();
            }
        }
    }

    @Test
    void knowsItsVocabulary() {
        assertThat(TextEncoder.open(Golden.open("bert").path()).limitedTo(LIMIT).vocabSize())
                .isEqualTo(240);
        assertThat(TextEncoder.open(Golden.open("bert-relu-single").path())
                        .limitedTo(LIMIT)
                        .vocabSize())
                .isEqualTo(240);
        assertThat(TextEncoder.open(Golden.open("xlm-roberta").path())
                        .limitedTo(LIMIT)
                        .vocabSize())
                .isEqualTo(260);
    }

    @Test
    void refusesWhatItCannotRead(@TempDir Path folder) throws IOException {
        refused(folder, "expected tokenizer.json, vocab.txt, or vocab.json with merges.txt, found none");
        Files.writeString(folder.resolve("sentencepiece.bpe.model"), "x");
        refused(folder, "Write tokenizer.json beside it");
        Files.writeString(folder.resolve("vocab.txt"), "[UNK]\n[CLS]\nthe\n");
        refused(folder, "vocab.txt: expected the special token '[SEP]', found none");
        Files.writeString(folder.resolve("vocab.txt"), "[UNK]\n[CLS]\n[SEP]\nthe\n");
        assertThat(TextEncoder.open(folder).limitedTo(8).encode("the THE cat").ids())
                .containsExactly(1, 3, 3, 0, 2);
        Files.writeString(folder.resolve("added_tokens.json"), "{\"<new>\": 4}");
        assertThat(TextEncoder.open(folder).limitedTo(8).encode("the<new>").ids())
                .containsExactly(1, 3, 4, 2);
        Files.writeString(folder.resolve("added_tokens.json"), "{\"<new>\": 5}");
        refused(folder, "vocab.txt: id of added token '<new>': expected 4, the next free one, found 5");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\":\"BertJapaneseTokenizer\"}");
        refused(folder, "tokenizer_config.json: key 'tokenizer_class': expected one of BartTokenizer, BertTokenizer,");
        refused(folder, "found 'BertJapaneseTokenizer'; if the folder's tokenizer.json says all");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\":\"XLMRobertaTokenizer\"}");
        refused(folder, "key 'tokenizer_class': without tokenizer.json expected one of [BertTokenizer,");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"do_lower_case\":\"no\"}");
        refused(folder, "key 'do_lower_case': expected true or false, found string no");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"split_special_tokens\":true}");
        refused(folder, "key 'split_special_tokens': expected false, found true");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"truncation_side\":\"left\"}");
        refused(folder, "key 'truncation_side': expected right, found 'left'");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"a\":1,\"a\":2}");
        refused(folder, "not valid JSON: Duplicate field 'a'");
        Files.delete(folder.resolve("tokenizer_config.json"));
        Files.writeString(folder.resolve("tokenizer.json"), "{\"model\":{\"vocab\":{}}}");
        refused(folder, "expected a vocabulary with ids from 0");
        Files.writeString(folder.resolve("tokenizer.json"), "version https://git-lfs.github.com/spec/v1\n");
        refused(folder, "found a Git LFS pointer instead of the file");
        Files.writeString(folder.resolve("tokenizer.json"), "{\"model\":{\"type\":\"New\",\"vocab\":{\"a\":0}}}");
        refused(folder, "key 'model.type': expected one of [BPE, WordPiece, WordLevel, Unigram], found string New");
        Files.write(folder.resolve("tokenizer.json"), new byte[] {'{', (byte) 0xff, '}'});
        refused(folder, "cannot be read: it is not UTF-8");
    }

    private static void refused(Path folder, String message) {
        assertThatThrownBy(() -> TextEncoder.open(folder).limitedTo(8))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining(folder.toString())
                .hasMessageContaining(message);
    }
}
