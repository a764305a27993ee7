package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who goes when, who gives way, and what is computed once. */
class FairnessTest {
    private static final long SECOND = 1_000_000_000;

    private static int[] prompt(int length, int first) {
        int[] ids = new int[length];
        Arrays.setAll(ids, i -> (first + 11 * i) % 26);
        return ids;
    }

    private static Sequence submit(Rig rig, Heard heard, long patience, int tokens, int... prompt) {
        return rig.scheduler.submit(
                new GenerationRequest(prompt, 0, Settings.drawn(5, tokens).built(), patience, Long.MAX_VALUE), heard);
    }

    @Test
    void aLongPromptDelaysNobodyByMoreThanAChunk() {
        Rig rig = new Rig(400, 4, 1000, 20, 16);
        List<Heard> running = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            running.add(rig.submit(Settings.drawn(i, 200), i));
        }
        rig.steps(3);
        Heard longOne = rig.submit(Settings.drawn(9, 5), prompt(640, 1));
        Heard another = rig.submit(Settings.drawn(9, 5), prompt(320, 2));
        rig.steps(2);
        Heard shortOne = rig.submit(Settings.drawn(9, 5), prompt(8, 3));
        rig.steps(1);
        assertThat(shortOne.tokens)
                .as("a short prompt does not wait for long ones")
                .hasSize(1);
        for (int step = 0; step < 62 && longOne.tokens.isEmpty(); step++) {
            List<Integer> before =
                    running.stream().map(heard -> heard.tokens.size()).toList();
            long decoding = Stream.of(shortOne, another)
                    .filter(heard -> !heard.tokens.isEmpty() && !heard.isFinished())
                    .count();
            rig.steps(1);
            for (int i = 0; i < 6; i++) {
                assertThat(running.get(i).tokens).hasSize(before.get(i) + 1);
            }
            assertThat(rig.model.last.rows()).isLessThanOrEqualTo(6 + (int) decoding + 16);
        }
        assertThat(longOne.tokens).as("prompts of 960 tokens in chunks of 16").isNotEmpty();
        assertThat(rig.model.mostPromptRows).as("the chunk is used").isEqualTo(16);
        rig.finish();
    }

    @Test
    void aChunkIsSharedByUrgencyAndByShortness() {
        assertThat(ChunkShares.of(new int[] {100}, 16)).containsExactly(16);
        assertThat(ChunkShares.of(new int[] {100, 5}, 16)).containsExactly(11, 5);
        assertThat(ChunkShares.of(new int[] {100, 90, 8}, 16)).containsExactly(8, 0, 8);
        assertThat(ChunkShares.of(new int[] {3, 4, 5}, 16)).containsExactly(3, 4, 5);
        assertThat(ChunkShares.of(new int[] {100, 9, 2}, 16)).containsExactly(8, 6, 2);
        assertThat(ChunkShares.of(new int[] {7, 1}, 1)).containsExactly(1, 0);
        assertThat(ChunkShares.of(new int[0], 8)).isEmpty();
        Random random = new Random(3);
        for (int round = 0; round < 2000; round++) {
            int[] missing = random.ints(random.nextInt(1, 9), 1, 40).toArray();
            int chunk = random.nextInt(1, 64);
            int[] shares = ChunkShares.of(missing, chunk);
            assertThat(IntStream.of(shares).sum())
                    .isEqualTo(Math.min(chunk, IntStream.of(missing).sum()));
            assertThat(shares[0]).as("the most urgent always goes on").isPositive();
            for (int i = 0; i < shares.length; i++) {
                assertThat(shares[i]).isBetween(0, missing[i]);
            }
        }
    }

    @Test
    void theMoreUrgentIsAdmittedFirst() {
        Rig rig = new Rig(100, 4, 100, 1, 16);
        Heard first = new Heard();
        Heard patient = new Heard();
        Heard urgent = new Heard();
        Heard later = new Heard();
        submit(rig, first, 0, 3, 1);
        submit(rig, patient, SECOND, 3, 2);
        rig.now.addAndGet(SECOND / 2);
        submit(rig, urgent, 0, 3, 3);
        rig.now.addAndGet(SECOND);
        submit(rig, later, 0, 3, 4);
        rig.steps(3);
        assertThat(first.isFinished()).isTrue();
        rig.steps(3);
        assertThat(urgent.isFinished()).isTrue();
        assertThat(patient.tokens).isEmpty();
        rig.steps(3);
        assertThat(patient.isFinished()).as("its patience has ended").isTrue();
        assertThat(later.tokens).isEmpty();
        rig.finish();
    }

    @Test
    void nothingStarvesUnderAStreamOfUrgentRequests() {
        Rig rig = new Rig(12, 4, 48, 3, 8);
        Heard patient = new Heard();
        submit(rig, patient, SECOND, 10, prompt(30, 1));
        List<Heard> urgent = new ArrayList<>();
        int steps = 0;
        while (!patient.isFinished()) {
            Heard heard = new Heard();
            urgent.add(heard);
            submit(rig, heard, 0, 2, prompt(6, steps % 26));
            rig.now.addAndGet(SECOND / 20);
            rig.steps(2);
            steps += 2;
            assertThat(steps).isLessThan(200);
        }
        rig.finish();
        assertThat(urgent).allMatch(Heard::isFinished);
    }

    @Test
    void theLeastUrgentGivesWayAndIsComputedAgain() {
        Rig rig = new Rig(10, 4, 40, 8, 40);
        List<Heard> all = new ArrayList<>();
        List<Sequence> sequences = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.add(new Heard());
            sequences.add(submit(rig, all.get(i), 0, 20, i, 1, 2));
        }
        boolean preempted = false;
        for (int step = 0; step < 400 && rig.generator.step(); step++) {
            for (int i = 1; i < 4; i++) {
                boolean gaveWay = sequences.get(i).state() == Sequence.State.PREEMPTED;
                preempted |= gaveWay;
                boolean older = sequences.get(i - 1).state() == Sequence.State.PREEMPTED;
                assertThat(older && sequences.get(i).state() == Sequence.State.RUNNING)
                        .as("the older of two waits while the younger runs")
                        .isFalse();
            }
        }
        assertThat(preempted).isTrue();
        assertThat(all.getFirst().finish().usage().preemptions()).isZero();
        assertThat(all.getLast().finish().usage().preemptions()).isPositive();
        for (int i = 0; i < 4; i++) {
            assertThat(all.get(i).reason()).isEqualTo(FinishReason.LENGTH);
            assertThat(all.get(i).story())
                    .isEqualTo(Rig.alone(Rig.request(Settings.drawn(5, 20), i, 1, 2))
                            .story());
        }
        rig.requireQuiet();
    }

    @Test
    void aSharedPrefixIsComputedOnce() {
        Rig rig = new Rig(100, 4, 100, 20, 200);
        int[] persona = prompt(40, 3);
        List<Heard> all = new ArrayList<>();
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int[] prompt = Arrays.copyOf(persona, 45);
            Arrays.fill(prompt, 40, 45, i);
            requests.add(new GenerationRequest(prompt, 42, Settings.drawn(i, 6).built(), 0, Long.MAX_VALUE));
            all.add(new Heard());
            rig.scheduler.submit(requests.get(i), all.get(i));
        }
        rig.steps(1);
        assertThat(rig.model.rows).as("the first one alone").isEqualTo(45);
        rig.steps(1);
        assertThat(rig.model.rows).as("then only what differs").isEqualTo(45 + 1 + 7 * 5);
        assertThat(rig.scheduler.blocksInUse()).as("10 shared ones and 2 each").isEqualTo(10 + 8 * 2);
        rig.finish();
        assertThat(all.get(0).finish().usage().cachedTokens()).isZero();
        for (int i = 0; i < 8; i++) {
            assertThat(all.get(i).finish().usage().cachedTokens()).isEqualTo(i == 0 ? 0 : 40);
            assertThat(all.get(i).story()).isEqualTo(Rig.alone(requests.get(i)).story());
        }
        assertThat(rig.scheduler.blocksCached())
                .as("whole blocks of the 42 shared tokens, and no reply")
                .isEqualTo(10);
    }

    @Test
    void whatIsNotSharedIsNotKept() {
        Rig rig = new Rig(100, 4, 100, 20, 200);
        rig.submit(Settings.drawn(1, 20), prompt(40, 1));
        rig.finish();
        assertThat(rig.pool.inUse()).isZero();
    }

    @Test
    void aPromptThatIsSharedAsAWholeStillGivesLogits() {
        Rig rig = new Rig(100, 4, 100, 20, 200);
        GenerationRequest request =
                new GenerationRequest(prompt(8, 1), 8, Settings.drawn(1, 6).built(), 0, Long.MAX_VALUE);
        for (int round = 0; round < 3; round++) {
            Heard heard = new Heard();
            rig.scheduler.submit(request, heard);
            rig.finish();
            assertThat(heard.story()).isEqualTo(Rig.alone(request).story());
        }
    }

    @Test
    void cachedPrefixesMakeRoom() {
        Rig rig = new Rig(10, 4, 40, 4, 40);
        for (int i = 0; i < 12; i++) {
            Heard heard = new Heard();
            rig.scheduler.submit(
                    new GenerationRequest(
                            prompt(20, i), 20, Settings.drawn(1, 15).built(), 0, Long.MAX_VALUE),
                    heard);
            rig.finish();
            assertThat(heard.tokens).hasSize(15);
            assertThat(heard.finish().usage().preemptions()).isZero();
        }
        assertThat(rig.scheduler.blocksCached()).isPositive();
    }
}
