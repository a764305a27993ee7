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
import dev.limbic.tensor.DType;
import dev.limbic.weights.HfConfig;
import dev.limbic.weights.HfDirectory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The only list of architectures that write text. A new one is one line in {@link #LANGUAGE}. */
public final class LanguageRegistry {
    /** Builds a network from a checked configuration and its weights. */
    interface Constructor {
        DecoderNetwork create(HfConfig config, Parameters parameters);
    }

    private static final System.Logger LOG = System.getLogger(LanguageRegistry.class.getName());

    private static final Map<String, Constructor> LANGUAGE = new LinkedHashMap<>();

    static {
        LANGUAGE.put("GPT2LMHeadModel", Gpt2::load);
        LANGUAGE.put("LlamaForCausalLM", Llama::llama);
        LANGUAGE.put("Qwen2ForCausalLM", Llama::qwen2);
        LANGUAGE.put("MistralForCausalLM", Llama::mistral);
    }

    /** Buffers that old versions of transformers saved although they are computed. */
    private static final String[] HARMLESS = {"*.attn.bias", "*.attn.masked_bias", "*.rotary_emb.inv_freq"};

    /** Whose text survives eight bits; see docs/cpu-engine.md for what was measured. */
    private static final Set<String> INT8 = Set.of("GPT2LMHeadModel");

    /** Tokens in a block: a shared prefix is shared in whole blocks, and a sequence wastes half of one. */
    private static final int BLOCK_TOKENS = 16;

    private LanguageRegistry() {}

    /** Whether there is a model of that name that writes text. */
    static boolean knows(String architecture) {
        return LANGUAGE.containsKey(architecture);
    }

    /**
     * Loads a language model onto a device, with its tokeniser and its form of a conversation.
     *
     * @param path a Hugging Face model folder
     * @param name under which it is served
     * @param precision of its products, or null for the one that {@code auto} means
     * @param cacheBytes most memory for the cache of keys and values
     * @throws dev.limbic.weights.WeightsException if anything in the folder is wrong or not supported
     * @throws dev.limbic.preprocess.text.TokenizerException if its tokeniser or its chat template is
     * @throws IllegalArgumentException if the cache would not hold a single block
     */
    public static LanguageModel load(
            Path path, String name, Device device, @Nullable Precision precision, long cacheBytes) {
        try (HfDirectory directory = HfDirectory.open(path)) {
            PromptEncoder encoder = PromptEncoder.open(path);
            TokenVocabulary tokens = TokenVocabulary.open(path);
            Optional<ChatTemplate> template = ChatTemplate.open(path);
            HfConfig config = directory.config();
            Precision chosen = precision != null ? precision : automatic(device, config);
            Decoder decoder = decoder(directory, device, chosen, BLOCK_TOKENS, cacheBytes);
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
                            name,
                            String.join(", ", generation.unknown()));
                }
                LanguageCard card = new LanguageCard(
                        name,
                        config.architecture(),
                        decoder.maxTokens(),
                        decoder.vocabulary(),
                        directory.weights().parameters(),
                        chosen.name().toLowerCase(Locale.ROOT),
                        device.name(),
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
     * The precision that {@code auto} means: generation is bound by the reading of weights, so the smallest type whose
     * text is still the model's. In int8 the sums are exact, and a text is the same in any company, but Llamas choose
     * too many other tokens then. Of the 16-bit types bf16, whose range no model leaves.
     */
    static Precision automatic(Device device, HfConfig config) {
        if (INT8.contains(config.architecture()) && device.supports(Precision.INT8)) {
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
    public static Decoder load(Path path, Device device, Precision precision, int blockTokens, long cacheBytes) {
        try (HfDirectory directory = HfDirectory.open(path)) {
            return decoder(directory, device, precision, blockTokens, cacheBytes);
        }
    }

    private static Decoder decoder(
            HfDirectory directory, Device device, Precision precision, int blockTokens, long cacheBytes) {
        HfConfig config = directory.config();
        Constructor constructor = LANGUAGE.get(config.architecture());
        if (constructor == null) {
            throw ModelRegistry.knows(config.architecture())
                    ? config.unexpected(
                            "architectures",
                            "a model that writes text",
                            "'" + config.architecture() + "', a classifier: list it under models")
                    : config.unknownArchitecture(LANGUAGE.keySet());
        }
        requireDecoder(config);
        Weights weights = device.weights();
        try {
            Parameters parameters = new Parameters(directory.weights(), weights, precision);
            DecoderNetwork network = constructor.create(config, parameters);
            directory.weights().requireAllTaken(HARMLESS);
            return new Decoder(device, weights, network, cache(network, device, precision, blockTokens, cacheBytes));
        } catch (RuntimeException | Error failure) {
            weights.close();
            throw failure;
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
