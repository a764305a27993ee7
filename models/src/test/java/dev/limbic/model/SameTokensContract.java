package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.limbic.generate.BlockPool;
import dev.limbic.generate.FinishReason;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.generate.GenerationRequest;
import dev.limbic.generate.SamplingSettings;
import dev.limbic.generate.Scheduler;
import dev.limbic.ops.Precision;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A text drawn with a seed is the same alone, in any company, in pieces and after it had to give way. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SameTokensContract extends OnDevice {
    private static final int BLOCK = 4;
    private static final int TEXTS = 8;

    /** Names of golden models. */
    abstract List<String> models();

    /** Whether log-probabilities are the same to the last bit too. */
    abstract boolean bitByBit();

    Stream<Arguments> cases() {
        return models().stream().flatMap(name -> precisions().stream().map(p -> Arguments.of(name, p)));
    }

    private Decoder load(String name, Precision precision) {
        try {
            Path path = Path.of(Objects.requireNonNull(getClass().getResource("/golden-generation/" + name))
                    .toURI());
            return Kinds.LANGUAGE.decoder(path, device(), precision, BLOCK, 1 << 20);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Prompts of 1 to 34 tokens of which some begin alike, and 8 to 24 tokens to write. */
    private static List<GenerationRequest> requests(int vocabulary) {
        Random random = new Random(5);
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < TEXTS; i++) {
            int[] prompt = new int[i == 0 ? 1 : 4 + random.nextInt(31)];
            for (int t = 0; t < prompt.length; t++) {
                prompt[t] = i % 3 == 0 && t < 9 ? 7 + t : random.nextInt(vocabulary);
            }
            int shared = i % 3 == 0 ? Math.min(9, prompt.length) : 0;
            SamplingSettings sampling = new SamplingSettings(
                    1,
                    SamplingSettings.Truncation.NONE,
                    i % 2 == 0 ? SamplingSettings.Penalties.NONE : new SamplingSettings.Penalties(1.1f, 0.5f, 0.25f),
                    Map.of(),
                    List.of(),
                    SamplingSettings.Ending.after(8 + random.nextInt(17)),
                    100 + i,
                    3);
            requests.add(new GenerationRequest(prompt, shared, sampling, 0, Long.MAX_VALUE));
        }
        return requests;
    }

    private Writing writing(Decoder decoder, int chunk, int blocks) {
        return new Writing(
                decoder,
                id -> new byte[] {(byte) ('a' + id % 26)},
                new Scheduler.Limits(decoder.vocabulary(), decoder.maxTokens(), TEXTS, chunk, 64),
                new BlockPool(blocks, BLOCK));
    }

    private List<Writing.Text> alone(Decoder decoder, List<GenerationRequest> requests) {
        List<Writing.Text> texts = new ArrayList<>();
        for (GenerationRequest request : requests) {
            Writing writing = writing(decoder, 512, decoder.blocks());
            texts.add(writing.submit(request));
            writing.finish();
        }
        return texts;
    }

    /** Each joins some steps after the one before, so that they leave at different times too. */
    private static List<Writing.Text> together(Writing writing, List<GenerationRequest> requests) {
        List<Writing.Text> texts = new ArrayList<>();
        for (GenerationRequest request : requests) {
            texts.add(writing.submit(request));
            writing.steps(2);
        }
        writing.finish();
        assertThat(writing.scheduler.blocksInUse()).isZero();
        return texts;
    }

    private static void assertSameTokens(String what, List<Writing.Text> actual, List<Writing.Text> expected) {
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).finish().failure()).isNull();
            assertThat(actual.get(i).finish().reason()).isEqualTo(FinishReason.LENGTH);
            assertThat(ids(actual.get(i))).as("%s, text %d", what, i).isEqualTo(ids(expected.get(i)));
            for (int k = 0; k < expected.get(i).tokens.size(); k++) {
                assertThat(actual.get(i).tokens.get(k).logProbability())
                        .as("%s, text %d, token %d", what, i, k)
                        .isCloseTo(expected.get(i).tokens.get(k).logProbability(), offset(0.05f));
            }
        }
    }

    private static List<Integer> ids(Writing.Text text) {
        return text.tokens.stream().map(GeneratedToken::id).toList();
    }

    private static void assertSameBits(List<Writing.Text> actual, List<Writing.Text> expected) {
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).tokens).as("text %d", i).isEqualTo(expected.get(i).tokens);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void companyChangesNoToken(String name, Precision precision) {
        try (Decoder decoder = load(name, precision)) {
            List<GenerationRequest> requests = requests(decoder.vocabulary());
            List<Writing.Text> alone = alone(decoder, requests);
            assertThat(alone.get(0).tokens).hasSizeGreaterThan(7);
            List<Writing.Text> company = together(writing(decoder, 512, decoder.blocks()), requests);
            assertSameTokens("in company", company, alone);
            if (bitByBit()) {
                assertSameBits(company, alone);
            }
            assertSameBits(alone(decoder, requests), alone);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void piecesChangeNoToken(String name, Precision precision) {
        try (Decoder decoder = load(name, precision)) {
            List<GenerationRequest> requests = requests(decoder.vocabulary());
            List<Writing.Text> alone = alone(decoder, requests);
            List<Writing.Text> pieces = together(writing(decoder, 7, decoder.blocks()), requests);
            assertSameTokens("in pieces of 7", pieces, alone);
            if (bitByBit()) {
                assertSameBits(pieces, alone);
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void givingWayChangesNoToken(String name, Precision precision) {
        try (Decoder decoder = load(name, precision)) {
            List<GenerationRequest> requests = requests(decoder.vocabulary());
            List<Writing.Text> alone = alone(decoder, requests);
            List<Writing.Text> crowded = together(writing(decoder, 16, 18), requests);
            int preemptions = crowded.stream()
                    .mapToInt(text -> text.finish().usage().preemptions())
                    .sum();
            assertThat(preemptions).as("how often one gave way").isPositive();
            assertSameTokens("crowded", crowded, alone);
            if (bitByBit()) {
                assertSameBits(crowded, alone);
            }
        }
    }
}
