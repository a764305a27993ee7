package dev.limbic.model;

import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.weights.HfConfig;
import dev.limbic.weights.HfDirectory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The only list of architectures. A new one is one line. */
public final class ModelRegistry {
    private static final Map<String, Architecture<?>> ARCHITECTURES = new LinkedHashMap<>();

    static {
        ARCHITECTURES.put(
                "BertForSequenceClassification",
                Kinds.TEXT.architecture(Bert::load).withInt8());
        ARCHITECTURES.put(
                "DistilBertForSequenceClassification",
                Kinds.TEXT.architecture(DistilBert::load).withInt8());
        ARCHITECTURES.put(
                "RobertaForSequenceClassification",
                Kinds.TEXT.architecture(Roberta::load).withInt8());
        ARCHITECTURES.put(
                "XLMRobertaForSequenceClassification",
                Kinds.TEXT.architecture(Roberta::load).withInt8());
        ARCHITECTURES.put("LimbicRecurrentClassifier", Kinds.TEXT.architecture(RecurrentClassifier::new));
        ARCHITECTURES.put("MiniXceptionForImageClassification", Kinds.IMAGE.architecture(MiniXception::new));
        ARCHITECTURES.put("FaceExpressionNetForImageClassification", Kinds.IMAGE.architecture(FaceExpressionNet::new));
        ARCHITECTURES.put("ResNetForImageClassification", Kinds.IMAGE.architecture(ResNet::new));
        ARCHITECTURES.put("ViTForImageClassification", Kinds.IMAGE.architecture(VisionTransformer::new));
        ARCHITECTURES.put("EfficientNetForImageClassification", Kinds.IMAGE.architecture(EfficientNet::new));
        ARCHITECTURES.put("ConvNextForImageClassification", Kinds.IMAGE.architecture(ConvNext::new));
        ARCHITECTURES.put("LimbicVideoClassifier", Kinds.VIDEO.architecture());
        ARCHITECTURES.put("TinyFaceDetector", Kinds.FINDER.architecture());
        ARCHITECTURES.put(
                "GPT2LMHeadModel", Kinds.LANGUAGE.architecture(Gpt2::load).withInt8());
        ARCHITECTURES.put("LlamaForCausalLM", Kinds.LANGUAGE.architecture(Llama::llama));
        ARCHITECTURES.put("Qwen2ForCausalLM", Kinds.LANGUAGE.architecture(Llama::qwen2));
        ARCHITECTURES.put("MistralForCausalLM", Kinds.LANGUAGE.architecture(Llama::mistral));
    }

    private ModelRegistry() {}

    /**
     * A model with what it is.
     *
     * @param <M> what the kind's folders become
     */
    public record Typed<M extends Loaded>(Kind<M> kind, M model) {}

    /**
     * Loads a folder of any kind.
     *
     * @throws dev.limbic.weights.WeightsException if anything in the folder is wrong or not supported
     * @throws dev.limbic.preprocess.text.TokenizerException if its tokeniser or its chat template is
     * @throws IllegalArgumentException if what was asked for cannot be
     */
    public static Typed<?> load(Loading loading) {
        try (HfDirectory directory = HfDirectory.open(loading.folder())) {
            return typed(architecture(directory.config()), directory, loading);
        }
    }

    /**
     * What a folder is a model for, found out without its weights.
     *
     * @throws dev.limbic.weights.WeightsException if its configuration is wrong or not supported
     */
    public static Kind<?> kind(Path folder) {
        return architecture(HfDirectory.config(folder)).kind();
    }

    private static <M extends Loaded> Typed<M> typed(
            Architecture<M> architecture, HfDirectory directory, Loading loading) {
        return new Typed<>(architecture.kind(), architecture.load(directory, loading));
    }

    private static Architecture<?> architecture(HfConfig config) {
        Architecture<?> found = ARCHITECTURES.get(config.architecture());
        if (found == null) {
            throw config.unknownArchitecture(ARCHITECTURES.keySet());
        }
        return found;
    }

    /** The precision that {@code auto} means for a folder. */
    static Precision automatic(HfConfig config, Device device) {
        return architecture(config).automatic(device);
    }

    /** The folder's architecture, if it is of this kind. */
    @SuppressWarnings("unchecked") // an architecture of a kind makes what the kind does
    static <M extends Loaded> Architecture<M> architecture(HfConfig config, Kind<M> kind) {
        Architecture<?> found = architecture(config);
        if (found.kind() != kind) {
            throw config.unexpected(
                    "architectures",
                    "a model of kind " + kind.name(),
                    "'" + config.architecture() + "' of kind " + found.kind().name());
        }
        return (Architecture<M>) found;
    }
}
