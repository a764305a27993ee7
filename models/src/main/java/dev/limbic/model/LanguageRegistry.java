package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.ops.Device;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.weights.HfConfig;
import dev.limbic.weights.HfDirectory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The only list of architectures that write text. A new one is one line in {@link #LANGUAGE}. */
public final class LanguageRegistry {
    /** Builds a network from a checked configuration and its weights. */
    interface Constructor {
        DecoderNetwork create(HfConfig config, Parameters parameters);
    }

    private static final Map<String, Constructor> LANGUAGE = new LinkedHashMap<>();

    static {
        LANGUAGE.put("GPT2LMHeadModel", Gpt2::load);
        LANGUAGE.put("LlamaForCausalLM", Llama::llama);
        LANGUAGE.put("Qwen2ForCausalLM", Llama::qwen2);
        LANGUAGE.put("MistralForCausalLM", Llama::mistral);
    }

    /** Buffers that old versions of transformers saved although they are computed, and tied heads saved twice. */
    private static final String[] HARMLESS = {
        "*.attn.bias", "*.attn.masked_bias", "*.rotary_emb.inv_freq", "lm_head.weight"
    };

    private LanguageRegistry() {}

    /**
     * Loads a decoder onto a device.
     *
     * @param path a Hugging Face model folder
     * @param blockTokens tokens in a block of the cache
     * @param cacheBytes most memory for the cache
     * @throws dev.limbic.weights.WeightsException if anything in the folder is wrong or not supported
     * @throws IllegalArgumentException if the cache would not hold a single block
     */
    public static Decoder load(Path path, Device device, Precision precision, int blockTokens, long cacheBytes) {
        try (HfDirectory directory = HfDirectory.open(path)) {
            HfConfig config = directory.config();
            Constructor constructor = LANGUAGE.get(config.architecture());
            if (constructor == null) {
                throw config.unsupported("architectures", LANGUAGE.keySet().toArray(String[]::new));
            }
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

    private static KvCache cache(
            DecoderNetwork network, Device device, Precision precision, int blockTokens, long cacheBytes) {
        Heads heads = network.heads();
        int layers = network.layers().size();
        long block = 2L
                * layers
                * heads.keys()
                * heads.size()
                * blockTokens
                * precision.activations().bytes();
        // More than a hundred of the longest sequences help nobody.
        long most = 128L * Math.ceilDiv(network.maxTokens(), blockTokens);
        long blocks = Math.min(cacheBytes / block, most);
        if (blocks < 1) {
            throw new IllegalArgumentException("a cache of " + cacheBytes + " bytes does not hold a block of " + block);
        }
        return device.kvCache(
                layers, heads.keys(), heads.size(), blockTokens, Math.toIntExact(blocks), precision.activations());
    }
}
