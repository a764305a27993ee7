package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A language model whose logits are a hash of the whole history, which it reads back from its cache as attention would:
 * a wrong slot, table, position or a block given away too early changes the tokens. Holds each step to its contract.
 */
final class FakeModel implements StepRunner {
    static final int VOCABULARY = 40;
    /** A history that holds this token makes logits that are no numbers. */
    static final int POISON = 39;

    private static final byte[] EMOJI = "😀".getBytes(StandardCharsets.UTF_8);

    final Scheduler.Limits limits;
    final int blockTokens;
    private final int[] ids;
    private final int[] positions;
    int steps;
    int rows;
    int mostPromptRows;
    Step last = new Step(
            new int[0], new int[0], new int[0], new int[1], new int[0], new int[0][], new int[0], List.of(), 0);

    FakeModel(Scheduler.Limits limits, BlockPool pool) {
        this.limits = limits;
        this.blockTokens = pool.blockTokens();
        this.ids = new int[pool.tokens()];
        this.positions = new int[pool.tokens()];
    }

    /** Tokens 0 … 25 are letters, 26 is a space, 27 … 30 the bytes of an emoji, others words. */
    static byte[] bytes(int id) {
        if (id < 26) {
            return new byte[] {(byte) ('a' + id)};
        }
        if (id >= 27 && id <= 30) {
            return new byte[] {EMOJI[id - 27]};
        }
        return (id == 26 ? " " : " w" + id).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public List<Choice> run(Step step) {
        requireContract(step);
        last = step;
        steps++;
        rows += step.rows();
        mostPromptRows = Math.max(mostPromptRows, step.rows() - decoding(step));
        for (int row = 0; row < step.rows(); row++) {
            ids[step.slots()[row]] = step.ids()[row];
            positions[step.slots()[row]] = step.positions()[row];
        }
        float[] logits = new float[step.logitRows().length * VOCABULARY];
        int next = 0;
        for (int b = 0; b < step.sequences(); b++) {
            if (next < step.logitRows().length && step.logitRows()[next] == step.bounds()[b + 1] - 1) {
                logits(step.tables()[b], step.contexts()[b], logits, next++ * VOCABULARY);
            }
        }
        assertThat(next).isEqualTo(step.logitRows().length);
        assertThat(step.nextTokens()).hasSize(next);
        return HostSampler.choose(logits, VOCABULARY, step.nextTokens());
    }

    private void logits(int[] table, int context, float[] logits, int offset) {
        long hash = 7;
        boolean poisoned = false;
        for (int i = 0; i < context; i++) {
            int slot = table[i / blockTokens] * blockTokens + i % blockTokens;
            assertThat(positions[slot]).as("what slot %d holds", slot).isEqualTo(i);
            hash = (hash + ids[slot] + 1) * 0x9E3779B97F4A7C15L;
            hash ^= hash >>> 29;
            poisoned |= ids[slot] == POISON;
        }
        for (int id = 0; id < VOCABULARY; id++) {
            logits[offset + id] = poisoned ? Float.NaN : (float) (8 * NextToken.uniform(hash, id) - 4);
        }
        if (!poisoned) {
            logits[offset + POISON] = -60; // nobody poisons himself by chance
        }
    }

    private static int decoding(Step step) {
        return (int) java.util.stream.IntStream.range(0, step.sequences())
                .filter(b -> step.bounds()[b + 1] - step.bounds()[b] == 1)
                .count();
    }

    private void requireContract(Step step) {
        assertThat(step.sequences()).isBetween(1, limits.maxSequences());
        assertThat(step.bounds()[0]).isZero();
        assertThat(step.bounds()[step.sequences()]).isEqualTo(step.rows());
        assertThat(step.rows()).isLessThanOrEqualTo(limits.maxSequences() + limits.chunkTokens());
        Set<Integer> slots = new HashSet<>();
        for (int b = 0; b < step.sequences(); b++) {
            int first = step.bounds()[b];
            int count = step.bounds()[b + 1] - first;
            int context = step.contexts()[b];
            int[] table = step.tables()[b];
            assertThat(count).isPositive();
            assertThat(context).isBetween(count, limits.context());
            assertThat(table).hasSize((context + blockTokens - 1) / blockTokens).doesNotHaveDuplicates();
            for (int row = first; row < first + count; row++) {
                int position = context - count + row - first;
                assertThat(step.positions()[row]).isEqualTo(position);
                assertThat(step.slots()[row])
                        .isEqualTo(table[position / blockTokens] * blockTokens + position % blockTokens);
                assertThat(slots.add(step.slots()[row])).as("each slot once").isTrue();
                requireOwn(step, b, table[position / blockTokens]);
            }
        }
    }

    private static void requireOwn(Step step, int owner, int block) {
        for (int b = 0; b < step.sequences(); b++) {
            if (b != owner) {
                assertThat(Arrays.stream(step.tables()[b]).anyMatch(each -> each == block))
                        .as("block %d is written while another sequence reads it", block)
                        .isFalse();
            }
        }
    }
}
