package dev.limbic.model;

import dev.limbic.weights.HfDirectory;
import dev.limbic.weights.WeightView;
import java.util.List;
import java.util.regex.Pattern;

/** Tensors of other heads, as people's folders have them: left out with a warning in the log. */
final class OtherHeads {
    private static final System.Logger LOG = System.getLogger(OtherHeads.class.getName());

    /** What a network computes with: a tensor among these that it does not want changes its results. */
    private static final Pattern COMPUTED =
            Pattern.compile(".*\\.(encoder|embeddings|embedder|transformer)\\..*", Pattern.DOTALL);

    /** Formats of our own, which have no other heads. */
    private static final Pattern OURS = Pattern.compile("(Limbic|MiniXception|FaceExpressionNet).*", Pattern.DOTALL);

    private OtherHeads() {}

    /**
     * Passes over what no layer took.
     *
     * @param model its name, for the log
     * @param harmless names of tensors that mean nothing, see {@link WeightView#surplus}
     * @throws dev.limbic.weights.WeightsException if a tensor that was not taken changes results
     */
    static void leave(HfDirectory directory, String model, String... harmless) {
        String architecture = directory.config().architecture();
        List<String> surplus = directory.weights().surplus(harmless);
        if (OURS.matcher(architecture).matches() || surplus.stream().anyMatch(COMPUTED.asMatchPredicate())) {
            directory.weights().requireAllTaken(harmless);
        }
        if (!surplus.isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "model {0}: tensors that {1} does not use are left out, {2}",
                    model,
                    architecture,
                    WeightView.some(surplus));
        }
    }
}
