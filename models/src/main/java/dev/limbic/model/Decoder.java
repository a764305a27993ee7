package dev.limbic.model;

import dev.limbic.layer.DecoderRows;
import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Device;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * A decoder on a device with its cache of keys and values: takes the next tokens of several sequences, in one flat batch,
 * and gives the logits of what follows. Whose block is whose is the caller's affair. Belongs to the thread that owns the
 * device.
 */
public final class Decoder implements AutoCloseable {
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

    /**
     * New tokens of one sequence.
     *
     * @param tokens ids, at least one
     * @param cached tokens of the sequence that earlier steps have put into the cache
     * @param blocks of the cache, in order, enough for all tokens up to the last new one
     * @param rows how many of the last rows' logits are wanted
     */
    public record Piece(int[] tokens, int cached, int[] blocks, int rows) {}

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
     * @param pieces at most one of each sequence
     * @return the wanted rows of all pieces, in order, each [V]
     * @throws IllegalArgumentException if a token id, a length or a block does not fit
     */
    public float[][] step(List<Piece> pieces) {
        int count = pieces.size();
        int[] bounds = new int[count + 1];
        int[] contexts = new int[count];
        int[][] tables = new int[count][];
        int wanted = 0;
        for (int b = 0; b < count; b++) {
            Piece piece = pieces.get(b);
            check(piece);
            bounds[b + 1] = bounds[b] + piece.tokens().length;
            contexts[b] = piece.cached() + piece.tokens().length;
            tables[b] = piece.blocks();
            wanted += piece.rows();
        }
        int[] tokens = new int[bounds[count]];
        int[] positions = new int[tokens.length];
        int[] slots = new int[tokens.length];
        int[] rows = new int[wanted];
        int next = 0;
        int blockTokens = cache.blockTokens();
        for (int b = 0; b < count; b++) {
            Piece piece = pieces.get(b);
            int length = piece.tokens().length;
            System.arraycopy(piece.tokens(), 0, tokens, bounds[b], length);
            for (int i = 0; i < length; i++) {
                int place = piece.cached() + i;
                positions[bounds[b] + i] = place;
                slots[bounds[b] + i] = piece.blocks()[place / blockTokens] * blockTokens + place % blockTokens;
            }
            for (int i = length - piece.rows(); i < length; i++) {
                rows[next++] = bounds[b] + i;
            }
        }
        device.beginBatch();
        CachedSequences sequences = CachedSequences.on(device, bounds, tables, contexts, blockTokens, cache.blocks());
        DecoderRows batch =
                new DecoderRows(device.upload(tokens), device.upload(positions), device.upload(slots), sequences);
        if (wanted == 0) {
            network.forward(device.ops(), batch, cache, device.upload(new int[] {0}));
            return new float[0][];
        }
        Tensor logits = network.forward(device.ops(), batch, cache, device.upload(rows)); // [R, V]
        float[] flat = device.download(logits);
        float[][] result = new float[wanted][];
        for (int r = 0; r < wanted; r++) {
            result[r] = Arrays.copyOfRange(flat, r * network.vocabulary(), (r + 1) * network.vocabulary());
        }
        return result;
    }

    /** The last check before raw memory is indexed with these numbers; blocks are checked with the sequences. */
    private void check(Piece piece) {
        int length = piece.tokens().length;
        int context = piece.cached() + length;
        boolean fits = length > 0
                && piece.cached() >= 0
                && context <= network.maxTokens()
                && piece.rows() >= 0
                && piece.rows() <= length
                && piece.blocks().length >= Math.ceilDiv(context, cache.blockTokens());
        if (!fits) {
            throw new IllegalArgumentException("decoder: a piece of 1 to " + network.maxTokens()
                    + " tokens with blocks for all of them expected, found " + length + " after " + piece.cached()
                    + " in " + piece.blocks().length + " blocks, " + piece.rows() + " rows wanted");
        }
        for (int id : piece.tokens()) {
            if (id < 0 || id >= network.vocabulary()) {
                throw new IllegalArgumentException(
                        "decoder: token ids 0 to " + (network.vocabulary() - 1) + " expected, found " + id);
            }
        }
    }

    @Override
    public void close() {
        cache.close();
        weights.close();
    }
}
