package dev.limbic.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.Turn;
import dev.limbic.generate.BlockPool;
import dev.limbic.generate.Finish;
import dev.limbic.generate.FinishReason;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.generate.Generator;
import dev.limbic.generate.Scheduler;
import dev.limbic.generate.TokenRules;
import dev.limbic.server.FakeLanguageModel;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.MicroBatcher;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How prompts are written: on workers that the test runs by hand. */
class ReplyPipelineTest {
    private final MicroBatcher batcher = new MicroBatcher("test", Runnable::run, new Unheard(), () -> {});
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final List<Finish> finishes = new ArrayList<>();
    private final List<String> computed = new ArrayList<>();
    private FakeLanguageModel model = new FakeLanguageModel("speaker");
    private Scheduler scheduler = scheduler(model);

    private static Scheduler scheduler(FakeLanguageModel model) {
        return new Scheduler(
                new Scheduler.Limits(257, FakeLanguageModel.CONTEXT, 8, FakeLanguageModel.CONTEXT, 8),
                new BlockPool(model.blocks(), model.blockTokens()),
                model,
                TokenRules.NONE,
                Runnable::run,
                System::nanoTime);
    }

    private ReplyPipeline pipeline() {
        Catalog catalog = new Catalog(List.of(model.on(batcher, scheduler)), Set.of());
        return new ReplyPipeline(catalog, new InputLimits(16_384, 1 << 20), tasks::add, ReplyObserver.NONE);
    }

    private static final class Unheard implements BatchObserver {
        @Override
        public void ran(String lane, int rows, int cost, long computeNanos) {}

        @Override
        public void waited(String lane, long queueNanos) {}

        @Override
        public void dropped(String lane, Drop reason) {}

        @Override
        public void failed(String lane, int rows, Throwable cause) {}
    }

    @AfterEach
    void close() {
        batcher.close();
    }

    private Pending reply(List<Turn> turns, long timeoutNanos) {
        ReplyRequest request = new ReplyRequest(
                "", new ReplyRequest.Talk(turns, true), null, SamplingWish.DEFAULT, Priority.NORMAL, timeoutNanos);
        return pipeline().reply(request, new ReplyListener() {
            @Override
            public void token(GeneratedToken token) {}

            @Override
            public void finished(Finish finish, long firstTokenNanos, long totalNanos) {
                finishes.add(finish);
            }
        });
    }

    /** The prompt that reaches the device. */
    private String prompted(List<Turn> turns) {
        Pending pending = reply(turns, Long.MAX_VALUE);
        computed.clear();
        model.whileComputing(step -> {
            byte[] bytes = new byte[step.rows()];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) step.ids()[i];
            }
            computed.add(new String(bytes, StandardCharsets.UTF_8));
        });
        tasks.remove().run();
        Generator generator = new Generator(scheduler, model);
        generator.step();
        pending.cancel();
        generator.step();
        return computed.getFirst();
    }

    private static List<Turn> talk(Random random, int exchanges, int longest) {
        List<Turn> turns = new ArrayList<>();
        if (random.nextBoolean()) {
            turns.add(new Turn(Turn.Role.SYSTEM, "s".repeat(random.nextInt(1, 30)), null));
        }
        for (int i = 0; i < exchanges; i++) {
            turns.add(new Turn(Turn.Role.USER, i + "u".repeat(random.nextInt(1, longest)), null));
            if (i < exchanges - 1 && random.nextInt(4) > 0) {
                turns.add(new Turn(Turn.Role.ASSISTANT, i + "a".repeat(random.nextInt(1, longest)), null));
            }
        }
        return turns;
    }

    private String written(List<Turn> turns) {
        return new String(toBytes(model.prompt(turns, null).ids()), StandardCharsets.UTF_8);
    }

    private static byte[] toBytes(int[] ids) {
        byte[] bytes = new byte[ids.length];
        for (int i = 0; i < ids.length; i++) {
            bytes[i] = (byte) ids[i];
        }
        return bytes;
    }

    @Test
    void asManyOfTheLatestExchangesAreKeptAsFit() {
        requireFitting(256 - 64); // the model's context, and a reply's room
        model = new FakeLanguageModel("speaker", 9);
        scheduler = scheduler(model);
        requireFitting(9 * 16 - 64); // a cache that holds less than the model's context
    }

    private void requireFitting(int room) {
        Random random = new Random(3);
        for (int round = 0; round < 200; round++) {
            List<Turn> turns = talk(random, random.nextInt(1, 12), 30);
            List<Turn> kept = new ArrayList<>(turns);
            int first = kept.getFirst().role() == Turn.Role.SYSTEM ? 1 : 0;
            while (written(kept).length() > room
                    && kept.size() > first + 1) { // one exchange at a time, the oldest first
                do {
                    kept.remove(first);
                } while (kept.get(first).role() != Turn.Role.USER);
            }
            assertThat(prompted(turns)).isEqualTo(written(kept));
        }
    }

    @Test
    void whatCannotFitIsNotEvenEncoded() {
        List<Turn> turns = new ArrayList<>();
        for (int i = 0; i < 31; i++) {
            turns.add(new Turn(Turn.Role.USER, "u".repeat(16_000), null));
            turns.add(new Turn(Turn.Role.ASSISTANT, "a".repeat(16_000), null));
        }
        turns.add(new Turn(Turn.Role.USER, "hello", null));
        assertThat(prompted(turns)).isEqualTo("U:hello\na");
        assertThat(model.prompts().stream().mapToInt(String::length).sum()).isLessThan(1000);
    }

    @Test
    void forNobodyNoPromptIsWritten() {
        reply(talk(new Random(1), 2, 20), Long.MAX_VALUE).cancel();
        tasks.remove().run();
        reply(talk(new Random(1), 2, 20), 1);
        tasks.remove().run();
        assertThat(model.prompts()).isEmpty();
        assertThat(finishes).extracting(Finish::reason).containsExactly(FinishReason.CANCELLED, FinishReason.FAILED);
        assertThat(scheduler.hasWork()).isFalse();
    }
}
