package dev.limbic.model;

import dev.limbic.domain.Encoding;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.postprocess.EmotionHead;
import dev.limbic.preprocess.text.TextEncoder;
import dev.limbic.weights.HfConfig;
import dev.limbic.weights.HfDirectory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The only list of architectures. A new one is one line in {@link #TEXT}. */
public final class ModelRegistry {
    /** Builds a network from a checked configuration and its weights. */
    interface Constructor {
        Network create(HfConfig config, Parameters parameters, int labels);
    }

    private static final Map<String, Constructor> TEXT = new LinkedHashMap<>();

    static {
        TEXT.put("BertForSequenceClassification", Bert::load);
        TEXT.put("DistilBertForSequenceClassification", DistilBert::load);
        TEXT.put("RobertaForSequenceClassification", Roberta::load);
        TEXT.put("XLMRobertaForSequenceClassification", Roberta::load);
        TEXT.put("LimbicRecurrentClassifier", RecurrentClassifier::new);
    }

    /** Buffers that old versions of transformers saved although they are computed. */
    private static final String[] HARMLESS = {"*.position_ids", "*.token_type_ids"};

    private ModelRegistry() {}

    /**
     * Loads a text classifier onto a device.
     *
     * @param path a Hugging Face model folder
     * @param name under which it is served
     * @param precision of its products, or null for the fastest that keeps the accuracy (see {@link #automatic})
     * @throws dev.limbic.weights.WeightsException if anything in the folder is wrong or not supported
     * @throws dev.limbic.preprocess.text.TokenizerException if its tokeniser is
     */
    public static TextModel load(Path path, String name, Device device, @Nullable Precision precision) {
        try (HfDirectory directory = HfDirectory.open(path)) {
            HfConfig config = directory.config();
            Constructor constructor = TEXT.get(config.architecture());
            if (constructor == null) {
                throw config.unsupported("architectures", TEXT.keySet().toArray(String[]::new));
            }
            List<String> labels = config.labels();
            EmotionHead head = HeadConfig.of(config).head();
            Precision chosen = precision != null ? precision : automatic(device, config.architecture());
            Weights weights = device.weights();
            try {
                Parameters parameters = new Parameters(directory.weights(), weights, chosen);
                Network network = constructor.create(config, parameters, labels.size());
                directory.weights().requireAllTaken(HARMLESS);
                TextEncoder encoder = TextEncoder.open(path, network.maxTokens());
                if (encoder.vocabSize() > network.vocabulary()) {
                    throw config.unexpected(
                            "vocab_size",
                            "at least the tokeniser's " + encoder.vocabSize() + " entries",
                            Integer.toString(network.vocabulary()));
                }
                ModelCard card = new ModelCard(
                        name,
                        config.architecture(),
                        labels,
                        config.multiLabel(),
                        head.taxonomy().name(),
                        network.maxTokens(),
                        directory.weights().parameters(),
                        chosen.name().toLowerCase(java.util.Locale.ROOT),
                        device.name());
                return new LoadedTextModel(card, encoder, network, head, device, weights);
            } catch (RuntimeException | Error failure) {
                weights.close();
                throw failure;
            }
        }
    }

    /**
     * The precision that {@code auto} means: the fastest that this chip has instructions for, among those measured to
     * keep the starter models' accuracy (int8 at least 0.99 of f32, bf16 and f16 at least 0.998; see bench/results).
     */
    static Precision automatic(Device device, String architecture) {
        // A recurrent step is a product of few rows: there quantising costs more than int8 gains.
        boolean recurrent = architecture.equals("LimbicRecurrentClassifier");
        if (!recurrent && device.supports(Precision.INT8)) {
            return Precision.INT8;
        }
        // Of the 16-bit types f16 keeps three more bits; encoders and gates stay far inside its range.
        if (device.supports(Precision.F16)) {
            return Precision.F16;
        }
        return device.supports(Precision.BF16) ? Precision.BF16 : Precision.F32;
    }

    /** Runs a batch with an observer of the hidden rows; for tests. */
    static float[][] logits(TextModel model, List<Encoding> batch, Network.Tap tap) {
        return ((LoadedTextModel) model).logits(batch, tap);
    }
}
