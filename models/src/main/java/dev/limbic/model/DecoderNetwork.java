package dev.limbic.model;

import dev.limbic.layer.DecoderLayer;
import dev.limbic.layer.DecoderRows;
import dev.limbic.layer.Parameters;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Ops;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.List;

/**
 * A decoder with its weights, from tokens to logits of the next ones.
 *
 * @param embedding tokens, and positions where they are learned, to hidden rows
 * @param norm the last one, before the head
 * @param head [V, H]
 * @param maxTokens longest sequence, prompt and reply together
 */
record DecoderNetwork(
        Embedding embedding,
        List<DecoderLayer> layers,
        FinalNorm norm,
        Linear head,
        Heads heads,
        int maxTokens,
        int vocabulary) {
    /** Hidden rows [T, H] of tokens. */
    interface Embedding {
        Tensor of(Ops ops, DecoderRows rows);
    }

    /** Normalised rows. */
    interface FinalNorm {
        Tensor of(Ops ops, Tensor hidden);
    }

    /**
     * What tokens become, and what becomes tokens.
     *
     * @param embedding [V, H]
     * @param head [V, H]
     */
    record Vocabulary(Tensor embedding, Linear head) {}

    /**
     * Loads both. Tied, they are the one that the file has; a file with both has them for a reason, whatever the
     * configuration says, as in transformers.
     *
     * @param model the parameters below the head's
     * @param words name of the embedding among them
     */
    static Vocabulary vocabulary(
            Parameters parameters, Parameters model, String words, boolean tied, int tokens, int hidden) {
        String head = "lm_head";
        boolean ownHead = !tied || parameters.view().has(head + ".weight");
        boolean ownWords = !tied || model.view().has(words + ".weight");
        return new Vocabulary(
                ownWords || !ownHead ? model.table(words, tokens, hidden) : parameters.table(head, tokens, hidden),
                ownHead ? parameters.projection(head, tokens, hidden) : model.projection(words, tokens, hidden));
    }

    /**
     * Runs new rows and keeps their keys and values.
     *
     * @param wanted rows whose next token is asked for, i32 [R]; R may be 0 in the midst of a long prompt
     * @return f32 or the activations' type, [R, V]
     */
    Tensor forward(Ops ops, DecoderRows rows, KvCache cache, Tensor wanted) {
        Tensor hidden = embedding.of(ops, rows); // [T, H]
        for (int i = 0; i < layers.size(); i++) {
            layers.get(i).forward(ops, hidden, rows, cache, i);
        }
        if (wanted.rows() == 0) {
            return new Tensor(DType.F32, Shape.of(0, vocabulary), 0); // a kernel cannot be launched over no rows
        }
        Tensor last = ops.rows().gatherRows(hidden, wanted); // [R, H]
        return ops.rows().linear(norm.of(ops, last), head, Activation.NONE);
    }
}
