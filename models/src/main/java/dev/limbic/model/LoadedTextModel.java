package dev.limbic.model;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.ops.Device;
import dev.limbic.ops.Weights;
import dev.limbic.postprocess.Head;
import dev.limbic.preprocess.text.TextEncoder;
import dev.limbic.tensor.Tensor;
import java.util.List;

/** Tokeniser, network and head of one model on one device. */
final class LoadedTextModel implements Model<Text, Encoding, float[], Emotions> {
    /** Longest text that is encoded in some tens of microseconds, in chars. */
    private static final int CHAT_LINE = 512;

    private final ClassifierCard card;
    private final TextEncoder encoder;
    private final Network network;
    private final Head head;
    private final Device device;
    private final Weights weights;
    private final TokenDensity density;

    LoadedTextModel(
            ClassifierCard card, TextEncoder encoder, Network network, Head head, Device device, Weights weights) {
        this.card = card;
        this.encoder = encoder;
        this.network = network;
        this.head = head;
        this.device = device;
        this.weights = weights;
        this.density = new TokenDensity(encoder.maxTokens());
    }

    @Override
    public ClassifierCard card() {
        return card;
    }

    @Override
    public Encoding prepare(Text input) {
        Encoding encoding = encoder.encode(input.text());
        density.observed(input.text(), encoding);
        return encoding;
    }

    @Override
    public int expectedCost(Text input) {
        return density.expected(input.text());
    }

    @Override
    public boolean isQuick(Text input) {
        return input.text().length() <= CHAT_LINE;
    }

    @Override
    public List<float[]> run(List<Encoding> rows) {
        return run(rows, Network.Tap.NONE);
    }

    /** {@link #run(List)} with an observer of the hidden rows. */
    List<float[]> run(List<Encoding> rows, Network.Tap tap) {
        for (Encoding encoding : rows) {
            check(encoding);
        }
        device.beginBatch();
        boolean padded = network.replayable() && tap.equals(Network.Tap.NONE);
        FlatBatch batch = padded ? FlatBatch.padded(device, rows) : FlatBatch.of(device, rows);
        Tensor logits = network.forward(batch, tap); // [B, L]
        return HostRows.of(device.download(logits), logits.columns(), rows.size());
    }

    /** The last check before raw memory is indexed with these numbers. */
    private void check(Encoding encoding) {
        if (encoding.cost() < 1 || encoding.cost() > network.maxTokens()) {
            throw new LimbicException.Invalid("model " + card.name() + " takes 1 to " + network.maxTokens()
                    + " tokens, found " + encoding.cost());
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
