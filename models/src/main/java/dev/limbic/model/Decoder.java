package dev.limbic.model;

import dev.limbic.generate.Choice;
import dev.limbic.generate.Step;
import dev.limbic.generate.StepRunner;
import dev.limbic.layer.DecoderRows;
import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Device;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.Tensor;
import java.util.List;

/**
 * A decoder on a device with its cache of keys and values. Whose block is whose is the scheduler's affair. Running and
 * closing belong to the thread that owns the device.
 */
public final class Decoder implements StepRunner, AutoCloseable {
    private final Device device;
    private final Weights weights;
    private final DecoderNetwork network;
    private final KvCache cache;

    Decoder(Device device, Weights weights, DecoderNetwork network, KvCache cache) {
        this.device = device;
        this.weights = weights;
        this.network = network;
        this.cache = cache;
    }

    /** Longest sequence, prompt and reply together. */
    public int maxTokens() {
        return network.maxTokens();
    }

    /** Number of token ids. */
    public int vocabulary() {
        return network.vocabulary();
    }

    /** Tokens in a block of the cache. */
    public int blockTokens() {
        return cache.blockTokens();
    }

    /** Blocks of the cache. */
    public int blocks() {
        return cache.blocks();
    }

    /**
     * Runs a step.
     *
     * @throws IllegalArgumentException if a token id, a position, a slot or a block does not fit
     */
    @Override
    public List<Choice> run(Step step) {
        if (step.nextTokens().size() != step.logitRows().length) {
            throw new IllegalArgumentException("decoder: as many next tokens as rows for them expected, found "
                    + step.nextTokens().size() + " and " + step.logitRows().length);
        }
        return DeviceSampler.choose(device, forward(step), step.nextTokens());
    }

    /** Runs a step up to the logits of the wanted rows, [S, V]; how tokens are chosen from them does not matter. */
    float[] logits(Step step) {
        return device.download(forward(step));
    }

    private Tensor forward(Step step) {
        check(step);
        device.beginBatch();
        CachedSequences sequences = CachedSequences.on(
                device,
                step.bounds(),
                step.tables(),
                step.contexts(),
                cache.blockTokens(),
                cache.blocks(),
                step.decoding());
        DecoderRows rows = new DecoderRows(
                device.upload(step.ids()), device.upload(step.positions()), device.upload(step.slots()), sequences);
        return network.forward(device.ops(), rows, cache, device.upload(step.logitRows())); // [S, V]
    }

    /** The last check before raw memory is indexed with these numbers; blocks are checked with the sequences. */
    private void check(Step step) {
        int rows = step.rows();
        boolean fits = step.positions().length == rows && step.slots().length == rows;
        int slots = cache.blocks() * cache.blockTokens();
        for (int t = 0; fits && t < rows; t++) {
            fits = within(step.ids()[t], network.vocabulary())
                    && within(step.positions()[t], network.maxTokens())
                    && within(step.slots()[t], slots);
        }
        for (int row : step.logitRows()) {
            fits &= within(row, rows);
        }
        for (int context : step.contexts()) {
            fits &= context <= network.maxTokens();
        }
        if (!fits) {
            throw new IllegalArgumentException("decoder: a step of ids below " + network.vocabulary()
                    + ", positions below " + network.maxTokens() + " and slots below " + slots
                    + " expected, found one of " + rows + " rows that is not");
        }
    }

    private static boolean within(int value, int bound) {
        return value >= 0 && value < bound;
    }

    @Override
    public void close() {
        cache.close();
        weights.close();
    }
}
