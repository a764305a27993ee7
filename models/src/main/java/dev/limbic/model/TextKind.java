package dev.limbic.model;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.Text;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.postprocess.Head;
import dev.limbic.preprocess.text.TextEncoder;
import dev.limbic.weights.HfConfig;
import dev.limbic.weights.HfConfig.ProblemType;
import dev.limbic.weights.HfDirectory;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Classifiers of text: tokens in, logits out. Tensors of other heads are left out with a warning in the log. */
public final class TextKind extends BatchKind<Text, Encoding, float[], Emotions> {
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

    private static final System.Logger LOG = System.getLogger(TextKind.class.getName());

    /** Buffers that old versions of transformers saved although they are computed. */
    private static final String[] HARMLESS = {"*.position_ids", "*.token_type_ids"};

    /** In words: a chat line is rarely longer. */
    private static final int LONGEST_SAMPLE = 24;

    TextKind() {
        super("text", Unit.TOKENS);
    }

    Architecture<Model<Text, Encoding, float[], Emotions>> architecture(Constructor constructor) {
        return new Architecture<>(
                this, false, (directory, loading, precision) -> load(directory, loading, precision, constructor));
    }

    private static Model<Text, Encoding, float[], Emotions> load(
            HfDirectory directory, Loading loading, Precision precision, Constructor constructor) {
        HfConfig config = directory.config();
        String architecture = config.architecture();
        HeadConfig reading = HeadConfig.of(config);
        Head head = reading.head();
        if (reading.assumesRange()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "model {0}: its outputs are taken for affect from -1 to 1; if they have another range, say it in"
                            + " config.json: \"limbic\": '{'\"range\": [1, 5]'}'",
                    loading.name());
        }
        TextEncoder tokens = TextEncoder.open(loading.folder());
        Weights weights = loading.device().weights();
        try {
            Parameters parameters = new Parameters(directory.weights(), weights, precision);
            Network network = constructor.create(
                    config, parameters, new Outside(reading.labels().size(), tokens.tokenType()));
            OtherHeads.leave(directory, loading.name(), HARMLESS);
            if (tokens.vocabSize() > network.vocabulary()) {
                throw config.unexpected(
                        "vocab_size",
                        "at least the tokeniser's " + tokens.vocabSize() + " entries",
                        Integer.toString(network.vocabulary()));
            }
            TextEncoder encoder = tokens.limitedTo(network.maxTokens());
            ClassifierCard card = new ClassifierCard(
                    loading.name(),
                    Kinds.TEXT.name(),
                    architecture,
                    reading.labels(),
                    reading.problem() == ProblemType.MULTI_LABEL,
                    head.mapping(),
                    new ClassifierCard.Tokens(encoder.maxTokens()),
                    directory.weights().parameters(),
                    precision.name().toLowerCase(Locale.ROOT),
                    loading.device().name());
            return new LoadedTextModel(card, encoder, network, head, loading.device(), weights);
        } catch (RuntimeException | Error failure) {
            weights.close();
            throw failure;
        }
    }

    @Override
    public List<Text> samples() {
        return IntStream.rangeClosed(1, LONGEST_SAMPLE)
                .mapToObj(words -> new Text("so ".repeat(words) + "good"))
                .toList();
    }
}
