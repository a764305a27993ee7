package dev.limbic.server.runtime;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Cue;
import dev.limbic.domain.Input;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Prepared;
import dev.limbic.domain.Turn;
import dev.limbic.generate.Finish;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.generate.GenerationRequest;
import dev.limbic.generate.SamplingSettings;
import dev.limbic.generate.TokenListener;
import dev.limbic.model.BatchKind;
import dev.limbic.model.LanguageKind;
import dev.limbic.model.LanguageModel;
import dev.limbic.model.Model;
import dev.limbic.ops.DeviceException;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.Pace;
import dev.limbic.server.config.ServerConfig;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Exercises models for a moment before they serve, so that first requests meet compiled code and plans. */
public final class WarmUp {
    /** For all models together, but for what each must be seen to do: most code is theirs in common, and a start shall be short. */
    private static final long NANOS = 400_000_000;

    /** For each model, at the most. */
    private static final long NANOS_EACH = 150_000_000;

    /** Of what a character is told, in words. */
    private static final int LONGEST_TEXT = 24;

    /** A prompt and one step of decoding: what every model must be seen to do, however slowly cold code does it. */
    private static final int FIRST_REPLY_TOKENS = 2;

    private static final int REPLY_TOKENS = 8;

    private WarmUp() {}

    /**
     * Runs each model on the calling thread.
     *
     * @throws LimbicException.Invalid if one does not run; the message says which and why
     */
    public static void run(List<Host> hosts, ServerConfig config) {
        int models = hosts.stream().mapToInt(host -> host.residents().size()).sum();
        for (Host host : hosts) {
            for (Resident<?> resident : host.residents()) {
                guarded(resident.name(), host, () -> exercise(resident, config, Math.min(NANOS_EACH, NANOS / models)));
            }
        }
    }

    private static void exercise(Resident<?> resident, ServerConfig config, long nanos) {
        switch (resident.kind()) {
            case BatchKind<?, ?, ?, ?> kind -> read(kind, resident, Devices.policy(config.batch(), kind.unit()), nanos);
            case LanguageKind kind -> write(resident.as(kind), config.generation(), nanos);
        }
    }

    private static void guarded(String model, Host host, Runnable exercise) {
        try {
            exercise.run();
        } catch (DeviceException e) {
            throw new LimbicException.Invalid("model '" + model + "' does not run on device " + host.name() + ": "
                    + e.getMessage() + "; use device cpu");
        } catch (LimbicException.Internal e) {
            throw new LimbicException.Invalid("model '" + model + "' does not compute: " + e.getMessage());
        }
    }

    /**
     * One input, which must be seen to be computed, however slowly cold code does it; then batches of several sizes, none larger
     * than any that will be served, and single inputs of several sizes: what these take is where the server's estimates begin.
     */
    private static <I extends Input, P extends Prepared, R, A> void read(
            BatchKind<I, P, R, A> kind, Resident<?> any, BatchPolicy policy, long nanos) {
        Resident<Model<I, P, R, A>> resident = any.as(kind);
        Model<I, P, R, A> model = resident.model();
        List<I> samples = kind.samples();
        long end = System.nanoTime() + nanos;
        model.interpret(model.run(List.of(model.prepare(samples.getFirst()))).getFirst());
        if (System.nanoTime() >= end) {
            return;
        }
        P usual = model.prepare(samples.get(samples.size() * 2 / 5));
        int most = Math.clamp(policy.maxCost() / usual.cost(), 1, policy.maxRows());
        for (int round = 0; System.nanoTime() < end; round++) {
            P one = model.prepare(samples.get(round % samples.size()));
            timed(model, List.of(one), resident.pace());
            timed(model, Collections.nCopies(Math.min(most, 1 << (round % 7)), usual), resident.pace());
        }
    }

    private static <P extends Prepared, R> List<R> timed(Model<?, P, R, ?> model, List<P> batch, Pace pace) {
        long start = System.nanoTime();
        List<R> results = model.run(batch);
        pace.observed(batch.stream().mapToInt(Prepared::cost).sum(), System.nanoTime() - start);
        return results;
    }

    /** One reply alone to its end, however long that takes, then several together. Blocks are free again afterwards. */
    private static void write(Resident<LanguageModel> resident, ServerConfig.Generation settings, long nanos) {
        LanguageModel model = resident.model();
        GenerationWork work = new GenerationWork(resident, settings, Runnable::run, lost -> {
            throw lost;
        });
        Outcome outcome = new Outcome();
        long end = System.nanoTime() + nanos;
        int most = Math.min(settings.maxSequences(), settings.queue());
        for (int round = 0; round == 0 || System.nanoTime() < end; round++) {
            for (int i = 0; i < Math.min(1 << (round % 4), most); i++) {
                work.scheduler().submit(request(model, round, i), outcome);
            }
            while (work.hasWork() && (round == 0 || System.nanoTime() < end)) {
                work.step();
            }
            outcome.requireSound(round > 0);
        }
        work.failAll(new LimbicException.Unavailable("the warm-up is over", ModelWork.RETRY_WHEN_LOST));
    }

    private static GenerationRequest request(LanguageModel model, int round, int seed) {
        CanonicalEmotion[] emotions = CanonicalEmotion.values();
        Cue cue = new Cue(emotions[(round + seed) % emotions.length], 1);
        String said = "so ".repeat(1 + (5 * round + seed) % LONGEST_TEXT) + "good";
        int[] ids;
        try {
            ids = model.prompt(List.of(new Turn(Turn.Role.USER, said, null)), cue)
                    .ids();
        } catch (LimbicException.Invalid refused) {
            ids = model.prompt("good").ids(); // a form of conversation that wants more than that
        }
        int room = Math.min(model.card().maxTokens(), model.card().cacheTokens()) - 1;
        if (ids.length > room || ids.length == 0) {
            ids = new int[] {ids.length == 0 ? 0 : ids[0]};
        }
        SamplingSettings sampling = new SamplingSettings(
                1,
                new SamplingSettings.Truncation(50, 0.9f, 0),
                SamplingSettings.Penalties.NONE,
                model.biases(cue),
                List.of(),
                SamplingSettings.Ending.after(round == 0 ? FIRST_REPLY_TOKENS : REPLY_TOKENS),
                seed,
                0);
        return new GenerationRequest(ids, 0, sampling, 0, Long.MAX_VALUE);
    }

    /** Keeps what went wrong. */
    private static final class Outcome implements TokenListener {
        private @Nullable LimbicException failure;

        @Override
        public void token(GeneratedToken token) {}

        @Override
        public void finished(Finish finish) {
            failure = failure == null ? finish.failure() : failure;
        }

        /** @param together whether several were written, for which memory may lack later too */
        void requireSound(boolean together) {
            LimbicException wrong = failure;
            if (together && wrong instanceof LimbicException.Overloaded) {
                return;
            }
            if (wrong instanceof LimbicException.Internal && wrong.getCause() instanceof DeviceException device) {
                throw device;
            }
            if (wrong != null) {
                throw wrong;
            }
        }
    }
}
