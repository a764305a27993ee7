package dev.limbic.model;

import dev.limbic.domain.LimbicException;
import dev.limbic.generate.BlockPool;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.generate.GenerationRequest;
import dev.limbic.generate.SamplingSettings;
import dev.limbic.generate.Scheduler;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.weights.HfDirectory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the model in a folder makes of a prompt, with nothing said beside the folder: for comparison with transformers.
 *
 * @param logits of the prompt, computed at once, [T, V]
 * @param tokens the text that follows, without the stop token that ends it
 */
record FolderText(float[] logits, List<Integer> tokens) {
    private static final int BLOCK = 16;

    /**
     * Loads the folder and writes.
     *
     * @param most new tokens, where the folder does not want fewer
     */
    static FolderText of(Path folder, Device device, int[] prompt, int most) {
        try (Decoder decoder = Kinds.LANGUAGE.decoder(folder, device, Precision.F32, BLOCK, 8 << 20);
                HfDirectory directory = HfDirectory.open(folder)) {
            GenerationConfig config = GenerationConfig.of(
                    directory.config(), directory.generationConfig(), decoder.vocabulary(), decoder.maxTokens());
            float[] logits = decoder.logits(GenerationContract.whole(prompt, BLOCK));
            return new FolderText(logits, written(decoder, config, prompt, most));
        }
    }

    /** The most probable token after each token of some prompts, one prompt behind the other. */
    static List<Integer> best(Path folder, Device device, Precision precision, List<int[]> prompts) {
        try (Decoder decoder = Kinds.LANGUAGE.decoder(folder, device, precision, BLOCK, 64 << 20)) {
            List<Integer> best = new ArrayList<>();
            for (int[] prompt : prompts) {
                float[] logits = decoder.logits(GenerationContract.whole(prompt, BLOCK));
                for (int t = 0; t < prompt.length; t++) {
                    int first = t * decoder.vocabulary();
                    int found = first;
                    for (int i = first; i < first + decoder.vocabulary(); i++) {
                        found = logits[i] > logits[found] ? i : found;
                    }
                    best.add(found - first);
                }
            }
            return best;
        }
    }

    private static List<Integer> written(Decoder decoder, GenerationConfig config, int[] prompt, int most) {
        LanguageCard.Recommended like = config.sampling();
        SamplingSettings settings = new SamplingSettings(
                like.temperature(),
                like.truncation(),
                new SamplingSettings.Penalties(like.repetitionPenalty(), 0, 0),
                Map.of(),
                List.of(),
                new SamplingSettings.Ending(config.stopIds(), List.of(), 0, most),
                1,
                0);
        Writing writing = new Writing(
                decoder,
                id -> new byte[0],
                new Scheduler.Limits(decoder.vocabulary(), decoder.maxTokens(), 1, 64, 1),
                new BlockPool(decoder.blocks(), decoder.blockTokens()),
                like.rules());
        Writing.Text text = writing.submit(new GenerationRequest(prompt, 0, settings, 0, Long.MAX_VALUE));
        writing.finish();
        LimbicException failure = text.finish().failure();
        if (failure != null) {
            throw failure;
        }
        return text.tokens.stream().map(GeneratedToken::id).toList();
    }
}
