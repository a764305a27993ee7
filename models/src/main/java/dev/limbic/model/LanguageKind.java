package dev.limbic.model;

import dev.limbic.generate.SteeringWords;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Device;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.preprocess.text.ChatTemplate;
import dev.limbic.preprocess.text.PromptEncoder;
import dev.limbic.preprocess.text.TokenVocabulary;
import dev.limbic.preprocess.text.TokenizerFiles;
import dev.limbic.tensor.DType;
import dev.limbic.weights.HfConfig;
import dev.limbic.weights.HfDirectory;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Models that write text: decoders with a cache of keys and values. */
public final class LanguageKind extends Kind<LanguageModel> {
    /** Builds a network from a checked configuration and its weights. */
    interface Constructor {
        DecoderNetwork create(HfConfig config, Parameters parameters);
    }

    private static final System.Logger LOG = System.getLogger(LanguageKind.class.getName());

    /** Buffers that old versions of transformers saved although they are computed. */
    private static final String[] HARMLESS = {"*.attn.bias", "*.attn.masked_bias", "*.rotary_emb.inv_freq"};

    /** Tokens in a block: a shared prefix is shared in whole blocks, and a sequence wastes half of one. */
    private static final int BLOCK_TOKENS = 16;

    LanguageKind() {
        super("language");
    }

    Architecture<LanguageModel> architecture(Constructor constructor) {
        return new Architecture<>(this, false, new Folder(constructor));
    }

    /** Loads folders of one architecture. */
    private record Folder(Constructor constructor) implements Architecture.Loader<LanguageModel> {
        @Override
        public LanguageModel load(HfDirectory directory, Loading loading, Precision precision) {
            TokenizerFiles files = TokenizerFiles.read(loading.folder());
            PromptEncoder encoder = PromptEncoder.of(files);
            TokenVocabulary tokens = TokenVocabulary.of(files);
            Optional<ChatTemplate> template = ChatTemplate.open(loading.folder());
            HfConfig config = directory.config();
            Decoder decoder = decoder(directory, loading.device(), precision, BLOCK_TOKENS, loading.cacheBytes());
            try {
                if (tokens.size() > decoder.vocabulary()) {
                    throw config.unexpected(
                            "vocab_size",
                            "at least the tokeniser's " + tokens.size() + " entries",
                            Integer.toString(decoder.vocabulary()));
                }
                Set<String> controls = controls(config, tokens);
                GenerationConfig generation = GenerationConfig.of(
                        config, directory.generationConfig(), decoder.vocabulary(), decoder.maxTokens());
                if (!generation.unknown().isEmpty()) {
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "model {0}: generation_config.json: nothing reads the keys {1}",
                            loading.name(),
                            String.join(", ", generation.unknown()));
                }
                LanguageCard card = new LanguageCard(
                        loading.name(),
                        Kinds.LANGUAGE.name(),
                        config.architecture(),
                        decoder.maxTokens(),
                        decoder.vocabulary(),
                        directory.weights().parameters(),
                        precision.name().toLowerCase(Locale.ROOT),
                        loading.device().name(),
                        controls,
                        template.isPresent(),
                        tokens.startsWithStrippedSpace(),
                        generation.stopIds(),
                        generation.sampling(),
                        decoder.blocks() * decoder.blockTokens());
                ChatPrompts prompts = new ChatPrompts(encoder, template, controls, SteeringWords.load());
                return new LoadedLanguageModel(card, decoder, tokens, prompts);
            } catch (RuntimeException | Error failure) {
                decoder.close();
                throw failure;
            }
        }

        Decoder decoder(HfDirectory directory, Device device, Precision precision, int blockTokens, long cacheBytes) {
            HfConfig config = directory.config();
            requireDecoder(config);
            Weights weights = device.weights();
            try {
                Parameters parameters = new Parameters(directory.weights(), weights, precision);
                DecoderNetwork network = constructor.create(config, parameters);
                directory.weights().requireAllTaken(HARMLESS);
                return new Decoder(
                        device, weights, network, cache(network, device, precision, blockTokens, cacheBytes));
            } catch (RuntimeException | Error failure) {
                weights.close();
                throw failure;
            }
        }
    }

    /**
     * Emotions with a control token, from {@code limbic.emotions} in config.json: the token's id by the name that the
     * chat template knows it by.
     */
    private static Set<String> controls(HfConfig config, TokenVocabulary tokens) {
        Optional<HfConfig> emotions = config.section("limbic").flatMap(limbic -> limbic.section("emotions"));
        if (emotions.isEmpty()) {
            return Set.of();
        }
        for (String emotion : emotions.get().keys()) {
            emotions.get().requireInt(emotion, 0, tokens.size() - 1);
        }
        return Set.copyOf(emotions.get().keys());
    }

    /**
     * Generation is bound by the reading of weights, so the smallest type whose text is still the model's. In int8 the sums
     * are exact, and a text is the same in any company, but Llamas choose too many other tokens then. Of the 16-bit types
     * bf16, whose range no model leaves.
     */
    @Override
    Precision automatic(Device device, boolean bearsInt8) {
        if (bearsInt8 && device.supports(Precision.INT8)) {
            return Precision.INT8;
        }
        return device.supports(Precision.BF16) ? Precision.BF16 : Precision.F32;
    }

    /**
     * Loads a decoder alone, without a tokeniser.
     *
     * @param blockTokens tokens in a block of the cache
     * @param cacheBytes most memory for the cache
     * @throws dev.limbic.weights.WeightsException if anything in the folder is wrong or not supported
     * @throws IllegalArgumentException if the cache would not hold a single block
     */
    public Decoder decoder(Path path, Device device, Precision precision, int blockTokens, long cacheBytes) {
        try (HfDirectory directory = HfDirectory.open(path)) {
            Architecture<LanguageModel> found = ModelRegistry.architecture(directory.config(), this);
            return ((Folder) found.loader()).decoder(directory, device, precision, blockTokens, cacheBytes);
        }
    }

    /** What transformers heeds in every architecture. */
    private static void requireDecoder(HfConfig config) {
        if (!config.booleanOr("is_causal", true)) {
            throw config.unsupported("is_causal", "true");
        }
        if (config.has("quantization_config")) {
            throw config.unexpected(
                    "quantization_config", "nothing: weights as they were before quantisation", "an object");
        }
    }

    private static KvCache cache(
            DecoderNetwork network, Device device, Precision precision, int blockTokens, long cacheBytes) {
        Heads heads = network.heads();
        int layers = network.layers().size();
        // A model whose weights are rounded to eight bits does not notice that its keys are rounded to sixteen.
        DType stored = precision == Precision.INT8 ? DType.BF16 : precision.activations();
        long block = 2L * layers * heads.keys() * heads.size() * blockTokens * stored.bytes();
        // More than a hundred of the longest sequences help nobody.
        long most = 128L * Math.ceilDiv(network.maxTokens(), blockTokens);
        long blocks = Math.min(cacheBytes / block, most);
        if (blocks < 1) {
            throw new IllegalArgumentException("a cache of " + cacheBytes + " bytes does not hold a block of " + block);
        }
        return device.kvCache(layers, heads.keys(), heads.size(), blockTokens, Math.toIntExact(blocks), stored);
    }
}
