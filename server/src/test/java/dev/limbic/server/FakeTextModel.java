package dev.limbic.server;

import dev.limbic.domain.Affect;
import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.model.ClassifierCard;
import dev.limbic.model.Kinds;
import dev.limbic.model.Model;
import dev.limbic.model.ModelRegistry;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.batch.Pace;
import dev.limbic.server.pipeline.ServedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * A model whose answers can be foretold: one token per word plus two, and "joy" in proportion to the first word's
 * length. A gate can hold its device, and some words make it fail.
 */
public final class FakeTextModel implements Model<Text, Encoding, float[], Emotions> {
    /** Makes a batch fail with an exception that quotes it. */
    public static final String FAIL = "explode";

    /** Makes encoding fail with an exception that quotes the text. */
    public static final String UNENCODABLE = "unencodable";

    private static final int MAX_TOKENS = 16;

    /** Longest text that is encoded on the calling thread. */
    private static final int CHAT_LINE = 512;

    private final ClassifierCard card;
    private final List<List<Encoding>> batches = new CopyOnWriteArrayList<>();
    private final AtomicInteger entered = new AtomicInteger();
    private volatile boolean closed;
    private volatile String lastThread = "";
    private final DeviceGate gate = new DeviceGate();
    private volatile boolean forgetful;
    private volatile Consumer<String> encoding = text -> {};
    private volatile IntConsumer computing = rows -> {};

    public FakeTextModel(String name) {
        this.card = new ClassifierCard(
                name,
                Kinds.TEXT.name(),
                "FakeForTests",
                List.of("joy", "sadness", "neutral"),
                false,
                "ekman",
                new ClassifierCard.Tokens(MAX_TOKENS),
                123,
                "f32",
                "cpu");
    }

    /** From now on each batch waits on the device until it is let through. */
    public void holdBatches() {
        gate.hold();
    }

    /** From now on batches are not kept, so that a long test does not measure its own memory. */
    public void keepNothing() {
        forgetful = true;
    }

    /** Waits until a batch has reached the device and is held there. */
    public void awaitHeldBatch() throws InterruptedException {
        gate.awaitHeld();
    }

    /** Runs this with every text that is encoded. */
    public void whileEncoding(Consumer<String> action) {
        encoding = action;
    }

    /** Runs this whenever a text is encoded. */
    public void whileEncoding(Runnable action) {
        encoding = text -> action.run();
    }

    /** Runs this on the device with the number of rows of each batch. */
    public void whileComputing(IntConsumer action) {
        computing = action;
    }

    /** Lets this many held batches through. */
    public void letThrough(int count) {
        gate.letThrough(count);
    }

    /** Lets every held and later batch through. */
    public void stopHolding() {
        gate.stopHolding();
    }

    /** Batches that reached the device. */
    public List<List<Encoding>> batches() {
        return batches;
    }

    /** How many batches entered the device. */
    public int entered() {
        return entered.get();
    }

    public boolean isClosed() {
        return closed;
    }

    /** Name of the thread that ran the last batch or closed the model. */
    public String lastThread() {
        return lastThread;
    }

    @Override
    public ClassifierCard card() {
        return card;
    }

    /** This model as hosts take it. */
    public ModelRegistry.Typed<Model<Text, Encoding, float[], Emotions>> typed() {
        return new ModelRegistry.Typed<>(Kinds.TEXT, this);
    }

    /** This model as it is served on a lane of its own. */
    public ServedModel<Text, Encoding, float[], Emotions> on(MicroBatcher batcher, BatchPolicy policy) {
        return new ServedModel<>(
                Kinds.TEXT, card, () -> this, batcher.lane(card.name(), this::run, policy, new Pace(64)));
    }

    @Override
    public int expectedCost(Text input) {
        return Math.min(MAX_TOKENS, Math.max(1, input.text().length() / 16));
    }

    @Override
    public boolean isQuick(Text input) {
        return input.text().length() <= CHAT_LINE;
    }

    @Override
    public Encoding prepare(Text input) {
        String text = input.text();
        encoding.accept(text);
        if (text.contains(UNENCODABLE)) {
            throw new IllegalStateException("cannot encode " + text);
        }
        String[] words = text.strip().split("\\s+", -1);
        int tokens = Math.min(MAX_TOKENS, words.length + 2);
        int[] ids = new int[tokens];
        ids[0] = words[0].equals(FAIL) ? -1 : words[0].length();
        return new Encoding(ids, words.length + 2 > MAX_TOKENS);
    }

    @Override
    public List<float[]> run(List<Encoding> batch) {
        entered.incrementAndGet();
        lastThread = Thread.currentThread().getName();
        gate.pass();
        computing.accept(batch.size());
        if (!forgetful) {
            batches.add(List.copyOf(batch));
        }
        List<float[]> rows = new ArrayList<>();
        for (Encoding encoding : batch) {
            if (encoding.ids()[0] < 0) {
                throw new IllegalStateException("the device broke");
            }
            rows.add(new float[] {encoding.ids()[0], 1, 0});
        }
        return rows;
    }

    @Override
    public Emotions interpret(float[] logits) {
        if (logits.length != 3) {
            throw new LimbicException.Internal("wrong row", new IllegalArgumentException());
        }
        double sum = Math.exp(logits[0]) + Math.exp(logits[1]) + Math.exp(logits[2]);
        float[] probabilities = new float[3];
        for (int i = 0; i < 3; i++) {
            probabilities[i] = (float) (Math.exp(logits[i]) / sum);
        }
        float[] canonical = new float[CanonicalEmotion.values().length];
        canonical[0] = probabilities[2];
        canonical[1] = probabilities[0];
        canonical[2] = probabilities[1];
        Affect affect = new Affect(probabilities[0], 0.5f, 0.25f);
        return new Emotions(logits, probabilities, List.of(0), canonical, affect, 1 - probabilities[2]);
    }

    @Override
    public void close() {
        lastThread = Thread.currentThread().getName();
        closed = true;
    }
}
