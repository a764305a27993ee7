package dev.limbic.model;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import dev.limbic.ops.Device;
import dev.limbic.ops.Weights;
import dev.limbic.postprocess.Head;
import dev.limbic.preprocess.text.TextEncoder;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Tokeniser, network and head of one model on one device. */
record LoadedTextModel(ModelCard card, TextEncoder encoder, Network network, Head head, Device device, Weights weights)
        implements TextModel {

    @Override
    public Encoding encode(String text) {
        return encoder.encode(text);
    }

    @Override
    public float[][] logits(List<Encoding> batch) {
        return logits(batch, Network.Tap.NONE);
    }

    float[][] logits(List<Encoding> batch, Network.Tap tap) {
        for (Encoding encoding : batch) {
            check(encoding);
        }
        device.beginBatch();
        boolean padded = network.replayable() && tap.equals(Network.Tap.NONE);
        FlatBatch flatBatch = padded ? FlatBatch.padded(device, batch) : FlatBatch.of(device, batch);
        Tensor logits = network.forward(flatBatch, tap); // [B, L]
        float[] flat = device.download(logits);
        int labels = logits.columns();
        float[][] rows = new float[batch.size()][];
        for (int b = 0; b < rows.length; b++) {
            rows[b] = Arrays.copyOfRange(flat, b * labels, (b + 1) * labels);
        }
        return rows;
    }

    /** The last check before raw memory is indexed with these numbers. */
    private void check(Encoding encoding) {
        if (encoding.tokens() < 1 || encoding.tokens() > network.maxTokens()) {
            throw new LimbicException.Invalid("model " + card.name() + " takes 1 to " + network.maxTokens()
                    + " tokens, found " + encoding.tokens());
        }
        for (int id : encoding.ids()) {
            if (id < 0 || id >= network.vocabulary()) {
                throw new LimbicException.Invalid("model " + card.name() + " knows token ids 0 to "
                        + (network.vocabulary() - 1) + ", found " + id);
            }
        }
    }

    @Override
    public Emotions interpret(float[] logits) {
        return head.interpret(logits);
    }

    @Override
    public void close() {
        weights.close();
    }
}
