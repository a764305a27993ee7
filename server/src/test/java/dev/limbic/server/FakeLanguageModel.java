package dev.limbic.server;

import dev.limbic.domain.Cue;
import dev.limbic.domain.Turn;
import dev.limbic.generate.Choice;
import dev.limbic.generate.SamplingSettings;
import dev.limbic.generate.Scheduler;
import dev.limbic.generate.Step;
import dev.limbic.generate.TokenRules;
import dev.limbic.model.DeviceSampler;
import dev.limbic.model.Kinds;
import dev.limbic.model.LanguageCard;
import dev.limbic.model.LanguageModel;
import dev.limbic.model.ModelRegistry;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.pipeline.ServedLanguage;
import dev.limbic.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A model that goes on with the alphabet: tokens are bytes, after each letter comes the next one, and z ends the reply.
 * A prompt is the turns, one per line, and the first letter of the emotion asked for. A gate can hold its steps.
 */
public final class FakeLanguageModel implements LanguageModel {
    public static final int CONTEXT = 256;
    private static final int END = 256;

    /** So far above all others that at temperature 1 a million draws are the same; at 20 one in a million was not. */
    private static final float CERTAIN = 40;

    /** Chooses tokens as a real model's device does, for all fakes; one at a time. */
    private static final CpuDevice SAMPLER = new CpuDevice(1);

    private final LanguageCard card;
    private final int blocks;
    private final List<String> prompts = new CopyOnWriteArrayList<>();
    private final AtomicInteger steps = new AtomicInteger();
    private final DeviceGate gate = new DeviceGate();
    private volatile boolean endless;
    private volatile boolean forgetful;
    private volatile boolean broken;
    private volatile Consumer<Step> computing = step -> {};
    private volatile Consumer<String> spelling = word -> {};

    public FakeLanguageModel(String name) {
        this(name, 64);
    }

    public FakeLanguageModel(String name, int blocks) {
        this(
                name,
                blocks,
                new LanguageCard.Recommended(
                        0, SamplingSettings.Truncation.NONE, 1, 64, Integer.MAX_VALUE, List.of(), TokenRules.NONE));
    }

    public FakeLanguageModel(String name, int blocks, LanguageCard.Recommended sampling) {
        this.blocks = blocks;
        this.card = new LanguageCard(
                name,
                Kinds.LANGUAGE.name(),
                "FakeForTests",
                CONTEXT,
                END + 1,
                1,
                "f32",
                "cpu",
                Set.of("joy"),
                true,
                false,
                List.of(END),
                sampling,
                blocks * 16);
    }

    /** This model as hosts take it. */
    public ModelRegistry.Typed<LanguageModel> typed() {
        return new ModelRegistry.Typed<>(Kinds.LANGUAGE, this);
    }

    /** This model as it is served on a device. */
    public ServedLanguage on(MicroBatcher device, Scheduler scheduler) {
        return new ServedLanguage(card, () -> this, scheduler, device);
    }

    /** From now on each step waits on the device until it is let through. */
    public void holdSteps() {
        gate.hold();
    }

    /** After z comes a again: only bounds end a reply. */
    public void neverEnd() {
        endless = true;
    }

    /** From now on prompts are not kept, so that a long test does not measure its own memory. */
    public void keepNothing() {
        forgetful = true;
    }

    /** Whether logits are no numbers from now on. */
    public void breakDown(boolean breaks) {
        broken = breaks;
    }

    /** Waits until a step has reached the device and is held there. */
    public void awaitHeldStep() throws InterruptedException {
        gate.awaitHeld();
    }

    /** Lets this many held steps through. */
    public void letThrough(int count) {
        gate.letThrough(count);
    }

    /** Lets every held and later step through. */
    public void stopHolding() {
        gate.stopHolding();
    }

    /** Runs this with each step. */
    public void whileComputing(Consumer<Step> action) {
        computing = action;
    }

    /** Runs this with each word that is spelt in tokens. */
    public void whileSpelling(Consumer<String> action) {
        spelling = action;
    }

    /** Prompts that were written. */
    public List<String> prompts() {
        return prompts;
    }

    public int steps() {
        return steps.get();
    }

    @Override
    public LanguageCard card() {
        return card;
    }

    @Override
    public int blockTokens() {
        return 16;
    }

    @Override
    public int blocks() {
        return blocks;
    }

    @Override
    public Prompt prompt(List<Turn> turns, @Nullable Cue cue) {
        StringBuilder text = new StringBuilder();
        for (Turn turn : turns) {
            text.append(turn.role().name().charAt(0))
                    .append(':')
                    .append(turn.text())
                    .append('\n');
        }
        if (cue != null && cue.intensity() > 0) {
            text.append(cue.emotion().name().toLowerCase(Locale.ROOT).charAt(0));
        } else {
            text.append('a');
        }
        return prompt(text.toString());
    }

    @Override
    public Prompt prompt(String text) {
        if (!forgetful) {
            prompts.add(text);
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = bytes[i] & 0xFF;
        }
        return new Prompt(ids, 0, List.of());
    }

    @Override
    public Map<Integer, Float> biases(Cue cue) {
        return Map.of();
    }

    @Override
    public List<List<Integer>> spellings(String word) {
        spelling.accept(word);
        return List.of(Arrays.stream(prompt(word).ids()).boxed().toList());
    }

    @Override
    public List<Choice> run(Step step) {
        steps.incrementAndGet();
        gate.pass();
        computing.accept(step);
        float[] logits = new float[step.logitRows().length * card.vocabulary()];
        for (int row = 0; row < step.logitRows().length; row++) {
            int last = step.ids()[step.logitRows()[row]];
            int next = last == 'z' ? (endless ? 'a' : END) : last + 1;
            logits[row * card.vocabulary() + next] = broken ? Float.NaN : CERTAIN;
        }
        synchronized (SAMPLER) {
            SAMPLER.beginBatch();
            Tensor rows = SAMPLER.upload(logits, step.logitRows().length, card.vocabulary());
            return DeviceSampler.choose(SAMPLER, rows, step.nextTokens());
        }
    }

    @Override
    public byte[] of(int id) {
        return id == END ? new byte[0] : new byte[] {(byte) id};
    }

    @Override
    public void close() {}
}
