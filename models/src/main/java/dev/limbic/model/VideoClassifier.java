package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.layer.RecurrentLayer;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.RecurrentOps;
import dev.limbic.ops.RecurrentOps.State;
import dev.limbic.ops.Sequences;
import dev.limbic.ops.StatePool;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code LimbicVideoClassifier}, our own small format (see docs/vision-format.md): the features of a classifier of pictures,
 * one to three LSTM or GRU layers that go on from frame to frame, a classifier. T frames of B streams, H hidden.
 *
 * <p>What follows the features is computed in f32: it is little, and a stream is long.
 */
final class VideoClassifier {
    private final PictureNetwork frames;
    private final Recurrent.Cell cell;
    private final int hidden;
    private final List<Recurrent> layers = new ArrayList<>();
    private final Linear classifier;

    VideoClassifier(HfConfig config, Parameters parameters, int labels) {
        HfConfig frame = config.section("frame")
                .orElseThrow(() -> config.unexpected("frame", "the config.json of a model of kind image", "nothing"));
        cell = config.requireOneOf("cell", "lstm", "gru").equals("lstm") ? Recurrent.Cell.LSTM : Recurrent.Cell.GRU;
        hidden = config.requireInt("hidden_size", 1, 1 << 14);
        int count = config.requireInt("num_layers", 1, 3);
        frames = Kinds.IMAGE.network(frame, parameters.sub("frame"));
        Parameters exact = parameters.exact();
        for (int k = 0; k < count; k++) {
            layers.add(RecurrentLayer.load(
                    exact.sub("rnn"), cell, k, k == 0 ? frames.featureSize() : hidden, hidden, false));
        }
        classifier = exact.linear("classifier", labels, hidden);
    }

    /** What sees the frames. */
    PictureNetwork frames() {
        return frames;
    }

    /** Columns of what a stream keeps: hidden state, of an LSTM also the cells, layer after layer. */
    List<Integer> stateWidths() {
        return Collections.nCopies(layers.size() * parts(), hidden);
    }

    private int parts() {
        return cell == Recurrent.Cell.LSTM ? 2 : 1;
    }

    /** What layers keep of so many streams, from the slots that they begin with. */
    List<State> read(StatePool states, int[] slots) {
        List<State> read = new ArrayList<>();
        for (int k = 0; k < layers.size(); k++) {
            Tensor h = states.gather(k * parts(), slots); // [B, H]
            @Nullable Tensor c = parts() == 2 ? states.gather(k * parts() + 1, slots) : null; // [B, H]
            read.add(new State(h, c));
        }
        return read;
    }

    /** Leaves it in the slots. */
    void write(StatePool states, int[] slots, List<State> written) {
        for (int k = 0; k < layers.size(); k++) {
            State state = written.get(k);
            states.scatter(k * parts(), slots, state.hidden());
            if (state.cell() != null) {
                states.scatter(k * parts() + 1, slots, state.cell());
            }
        }
    }

    /**
     * Logits at each frame.
     *
     * @param features of the frames, [T, F]
     * @param before what layers keep before the first frame of each stream
     * @param after receives what they keep after the last one
     * @return [T, L]
     */
    Tensor forward(Ops ops, Tensor features, Sequences sequences, List<State> before, List<State> after) {
        Tensor x = features; // [T, F], then [T, H]
        for (int k = 0; k < layers.size(); k++) {
            RecurrentOps.Output output = ops.recurrence().recurrent(x, layers.get(k), sequences, before.get(k));
            x = output.outputs();
            after.add(output.state());
        }
        return ops.rows().linear(x, classifier, Activation.NONE);
    }
}
