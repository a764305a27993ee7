package dev.limbic.model;

import dev.limbic.domain.Encoding;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.postprocess.Head;
import dev.limbic.preprocess.text.TextEncoder;
import dev.limbic.weights.HfConfig;
import dev.limbic.weights.HfConfig.ProblemType;
import dev.limbic.weights.HfDirectory;
import dev.limbic.weights.WeightView;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The only list of architectures. A new one is one line in {@link #TEXT}. */
public final class ModelRegistry {
    /**
     * What the rest of the folder says of a network.
     *
     * @param labels number of outputs
     * @param tokenType the one that the tokeniser gives each token
     */
    record Outside(int labels, int tokenType) {}

    /** Builds a network from a checked configuration and its weights. */
    interface Constructor {
        Network create(HfConfig config, Parameters parameters, Outside outside);
    }

    private static final System.Logger LOG = System.getLogger(ModelRegistry.class.getName());

    private static final String RECURRENT = "LimbicRecurrentClassifier";
    private static final Map<String, Constructor> TEXT = new LinkedHashMap<>();

    static {
        TEXT.put("BertForSequenceClassification", Bert::load);
        TEXT.put("DistilBertForSequenceClassification", DistilBert::load);
        TEXT.put("RobertaForSequenceClassification", Roberta::load);
        TEXT.put("XLMRobertaForSequenceClassification", Roberta::load);
        TEXT.put(RECURRENT, RecurrentClassifier::new);
    }

    /** Buffers that old versions of transformers saved although they are computed. */
    private static final String[] HARMLESS = {"*.position_ids", "*.token_type_ids"};

    private ModelRegistry() {}

    /** What a network computes with: a tensor among these that it does not want changes its results. */
    private static final Pattern COMPUTED =
            Pattern.compile(".*\\.(encoder|embeddings|transformer)\\..*", Pattern.DOTALL);

    /**
     * Loads a text classifier onto a device. Tensors of other heads, such as {@code lm_head.*}, are left out with a
     * warning in the log.
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
            String architecture = config.architecture();
            Constructor constructor = TEXT.get(architecture);
            if (constructor == null) {
                throw LanguageRegistry.knows(architecture)
                        ? config.unexpected(
                                "architectures",
                                "a classifier of text",
                                "'" + architecture + "', which writes text: list it under language-models")
                        : config.unknownArchitecture(TEXT.keySet());
            }
            HeadConfig reading = HeadConfig.of(config);
            Head head = reading.head();
            if (reading.assumesRange()) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "model {0}: its outputs are taken for affect from -1 to 1; if they have another range, say it in"
                                + " config.json: \"limbic\": '{'\"range\": [1, 5]'}'",
                        name);
            }
            TextEncoder tokens = TextEncoder.open(path);
            Precision chosen = precision != null ? precision : automatic(device, architecture);
            Weights weights = device.weights();
            try {
                Parameters parameters = new Parameters(directory.weights(), weights, chosen);
                Network network = constructor.create(
                        config, parameters, new Outside(reading.labels().size(), tokens.tokenType()));
                leaveOtherHeads(directory, architecture, name);
                if (tokens.vocabSize() > network.vocabulary()) {
                    throw config.unexpected(
                            "vocab_size",
                            "at least the tokeniser's " + tokens.vocabSize() + " entries",
                            Integer.toString(network.vocabulary()));
                }
                TextEncoder encoder = tokens.limitedTo(network.maxTokens());
                ModelCard card = new ModelCard(
                        name,
                        architecture,
                        reading.labels(),
                        reading.problem() == ProblemType.MULTI_LABEL,
                        head.mapping(),
                        encoder.maxTokens(),
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

    /** Whether there is a classifier of that name. */
    static boolean knows(String architecture) {
        return TEXT.containsKey(architecture);
    }

    private static void leaveOtherHeads(HfDirectory directory, String architecture, String name) {
        List<String> surplus = directory.weights().surplus(HARMLESS);
        boolean changesResults = surplus.stream().anyMatch(COMPUTED.asMatchPredicate());
        if (changesResults || (!surplus.isEmpty() && architecture.equals(RECURRENT))) {
            directory.weights().requireAllTaken(HARMLESS);
        }
        if (!surplus.isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "model {0}: tensors that {1} does not use are left out, {2}",
                    name,
                    architecture,
                    WeightView.some(surplus));
        }
    }

    /**
     * The precision that {@code auto} means: the fastest that this chip has instructions for, among those measured to
     * keep the starter models' accuracy (int8 at least 0.99 of f32, bf16 and f16 at least 0.998; see bench/results).
     */
    static Precision automatic(Device device, String architecture) {
        // A recurrent step is a product of few rows: there quantising costs more than int8 gains.
        boolean recurrent = architecture.equals(RECURRENT);
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
