package dev.limbic.preprocess.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.model.Golden;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A tokenizer.json cannot end the process, which native code that reads it would gladly do. */
class HostileTokenizerTest {
    private static final int CASES = 2400;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    /** In a process of its own, whose end would tell. */
    @Test
    void survivesDamagedFiles() throws IOException, InterruptedException, URISyntaxException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                TokenizerMutations.class.getName(),
                folder.toString(),
                Integer.toString(CASES)));
        originals().forEach(file -> command.add(file.toString()));
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        int exit = process.waitFor();
        List<String> lines =
                Files.readString(log, StandardCharsets.ISO_8859_1).lines().toList();
        assertThat(exit)
                .as("exit code after %s", lines.subList(Math.max(0, lines.size() - 12), lines.size()))
                .isZero();
        String last = lines.getLast();
        assertThat(last).matches(CASES + " cases, [0-9]+ refused");
        int refused = Integer.parseInt(last.substring(last.indexOf(",") + 2, last.lastIndexOf(" ")));
        assertThat(refused).isBetween(CASES / 4, CASES - CASES / 20);
    }

    private static Stream<Path> originals() throws URISyntaxException {
        Stream<String> templates = Stream.of(
                        "byte-level", "llama-3", "sentence-pieces", "sentence-pieces-newer", "starter", "unigram")
                .map(name -> "/golden-templates/" + name);
        Stream<String> others = Stream.of("/golden/xlm-roberta", "/golden/distilbert", "/golden-generation/gpt2");
        List<Path> files = new ArrayList<>();
        for (String name : Stream.concat(templates, others).toList()) {
            files.add(Path.of(
                    Objects.requireNonNull(HostileTokenizerTest.class.getResource(name + "/tokenizer.json"), name)
                            .toURI()));
        }
        return files.stream();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            decoder        | "\\ud800"                                   | key 'decoder': expected text, found a lone surrogate
            decoder        | 1e999                                       | key 'decoder': expected a finite number
            normalizer     | {"type":"New"}                              | key 'normalizer.type': expected one of [BertNormalizer,
            normalizer     | "NFC"                                       | key 'normalizer': expected an object, found string NFC
            normalizer     | {"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Precompiled"}]} | key 'normalizer.normalizers[1].precompiled_charsmap': expected a table
            pre_tokenizer  | {"type":"Split","pattern":{"Regex":"(a+)+b"}} | key 'pre_tokenizer.pattern.Regex'
            pre_tokenizer  | {"type":"FixedLength","length":0}           | key 'pre_tokenizer.length': expected an integer above 0, found number 0
            post_processor | {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"q","type_id":0}}],"special_tokens":{}} | key 'post_processor.single': expected special tokens of its list and the sequence A
            model          | {"type":"BPE","vocab":{"a":0},"merges":["a a"],"continuing_subword_prefix":"##"} | key 'model.merges[0]': expected a second token that begins with '##'
            model          | {"type":"WordPiece","vocab":[]}             | key 'model.vocab': expected an object, found array
            model          | {"type":"Unigram","vocab":[["a"]]}          | key 'model.vocab[0]': expected [token, score], found array
            """)
    void namesFileAndPlace(String key, String value, String message) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        Path file = folder.resolve("tokenizer.json");
        ObjectNode json = (ObjectNode) mapper.readTree(
                Golden.open("distilbert").path().resolve("tokenizer.json").toFile());
        json.put(key, "@");
        Files.writeString(file, json.toString().replace("\"@\"", value));
        assertThatThrownBy(() -> TextEncoder.open(folder))
                .isInstanceOf(TokenizerException.class)
                .hasMessageStartingWith(file + ": " + message);
    }

    /** The expressions of GPT-2, Qwen 2 and Llama 3, GPT-4o, and of cl100k as some write it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
                "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                        + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t)?"
                        + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$"
            })
    void takesTheExpressionsInUse(String regex) {
        assertThat(PatternRules.fault(regex)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(a+)+b",
                "(?:a|a)*b",
                "((a?)b){1,50}",
                "a*a*a*a*b",
                "(a)\\1",
                "(?<x>a)\\k<x>",
                "(a|b)+|c",
                "(?:x{2,})*"
            })
    void refusesExpressionsThatNeverEnd(String regex) {
        assertThat(PatternRules.fault(regex)).isNotNull();
    }

    /** A trie of one entry, "a" becomes "b", and the same with a place or a node beyond the end. */
    @Test
    void followsATableOfNormalisation() throws IOException {
        int[] units = new int[512]; // a block of 256 below each node
        units[0] = (1 << 10) | (1 << 9); // children at 256
        units[256 ^ 'a'] = 'a' | (1 << 8) | ('a' << 10); // its leaf at 256
        units[256] = 1 << 31; // the text at 0
        normalises(units, "b\0", null);
        units[256] = (1 << 31) | 7;
        normalises(units, "b\0", "found a replacement that is none");
        units[256] = (1 << 31) | 1;
        normalises(units, "é\0", "found a replacement that is none");
        units[256 ^ 'a'] = 'a' | (1 << 8) | (1 << 30);
        normalises(units, "b\0", "found a node beyond its end");
    }

    private void normalises(int[] units, String texts, @org.jspecify.annotations.Nullable String fault)
            throws IOException {
        byte[] text = texts.getBytes(StandardCharsets.UTF_8);
        ByteBuffer table =
                ByteBuffer.allocate(4 + 4 * units.length + text.length).order(ByteOrder.LITTLE_ENDIAN);
        table.putInt(4 * units.length);
        for (int unit : units) {
            table.putInt(unit);
        }
        table.put(text);
        ObjectNode json = (ObjectNode) new ObjectMapper()
                .readTree(Golden.open("distilbert")
                        .path()
                        .resolve("tokenizer.json")
                        .toFile());
        json.putObject("normalizer")
                .put("type", "Precompiled")
                .put("precompiled_charsmap", Base64.getEncoder().encodeToString(table.array()));
        Files.writeString(folder.resolve("tokenizer.json"), json.toString());
        if (fault != null) {
            assertThatThrownBy(() -> TextEncoder.open(folder)).hasMessageEndingWith(fault);
            return;
        }
        TextEncoder encoder = TextEncoder.open(folder);
        assertThat(encoder.encode("a a").ids())
                .containsExactly(encoder.encode("b b").ids());
    }
}
