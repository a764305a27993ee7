package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Random company changes no text and leaves nothing behind. */
class StormTest {
    private record Guest(GenerationRequest request, Sequence sequence, Heard heard) {}

    private static Settings settings(Random random) {
        Settings settings = Settings.drawn(random.nextInt(5), random.nextInt(1, 25))
                .temperature(random.nextInt(4) == 0 ? 0 : 0.5f + random.nextFloat())
                .alternatives(random.nextInt(3));
        int max = settings.built().ending().maxNewTokens();
        if (random.nextBoolean()) {
            settings = settings.truncation(random.nextInt(20), 0.5f + random.nextFloat() / 2, random.nextFloat() / 5);
        }
        if (random.nextBoolean()) {
            settings = settings.penalties(0.8f + random.nextFloat(), random.nextFloat(), random.nextFloat());
        }
        if (random.nextBoolean()) {
            List<Integer> stop = List.of(random.nextInt(39));
            settings = settings.ending(stop, List.of("a", " w3", "😀"), random.nextInt(max), max);
        }
        return random.nextBoolean() ? settings : settings.banned(List.of(List.of(3), List.of(4, 5)));
    }

    private static GenerationRequest request(Random random, int longest, long timeout) {
        int length = random.nextInt(1, longest);
        int[] prompt = new int[length];
        int persona = random.nextInt(3);
        Arrays.setAll(prompt, i -> i < 11 ? (persona + i) % 39 : random.nextInt(39));
        int shared = random.nextInt(3) == 0 ? 0 : Math.min(length, 11);
        return new GenerationRequest(prompt, shared, settings(random).built(), random.nextInt(3) * 50L, timeout);
    }

    @Test
    void companyChangesNoText() {
        int preemptions = 0;
        int cached = 0;
        for (int seed = 0; seed < 30; seed++) {
            Random random = new Random(seed);
            int blockTokens = List.of(1, 2, 4, 8).get(seed % 4);
            Rig rig = new Rig(56 / blockTokens, blockTokens, 54, random.nextInt(2, 12), random.nextInt(1, 40));
            List<Guest> guests = new ArrayList<>();
            for (int i = 0; i < 25; i++) {
                GenerationRequest request = request(random, 25, Long.MAX_VALUE);
                Heard heard = new Heard();
                guests.add(new Guest(request, rig.scheduler.submit(request, heard), heard));
                rig.now.addAndGet(10);
                rig.steps(random.nextInt(4));
            }
            rig.finish();
            for (Guest guest : guests) {
                assertThat(guest.heard.story())
                        .isEqualTo(Rig.alone(guest.request).story());
                preemptions += guest.heard.finish().usage().preemptions();
                cached += guest.heard.finish().usage().cachedTokens();
            }
        }
        assertThat(preemptions).as("the storm preempts").isGreaterThan(50);
        assertThat(cached).as("the storm shares").isGreaterThan(500);
    }

    @Test
    void joinsCancelsAndDeadlinesLeaveNothingBehind() {
        Map<FinishReason, Integer> reasons = new HashMap<>();
        for (int seed = 0; seed < 6; seed++) {
            Random random = new Random(100 + seed);
            Rig rig = new Rig(30, List.of(1, 2, 4).get(seed % 3), 60, 10, random.nextInt(1, 24));
            int longest = Math.min(40, rig.pool.tokens() - 25);
            List<Guest> present = new ArrayList<>();
            List<Guest> all = new ArrayList<>();
            for (int step = 0; step < 2500; step++) {
                if (random.nextInt(3) == 0 && present.size() < 30) {
                    long timeout = random.nextInt(3) == 0 ? random.nextInt(1, 300) : Long.MAX_VALUE;
                    GenerationRequest request = request(random, Math.max(2, longest), timeout);
                    if (random.nextInt(30) == 0) {
                        request.prompt()[request.prompt().length - 1] = FakeModel.POISON;
                    }
                    Heard heard = new Heard();
                    try {
                        Guest guest = new Guest(request, rig.scheduler.submit(request, heard), heard);
                        present.add(guest);
                        all.add(guest);
                    } catch (LimbicException.Overloaded late) {
                        assertThat(timeout).isLessThan(Long.MAX_VALUE);
                    }
                }
                if (random.nextInt(12) == 0 && !present.isEmpty()) {
                    present.get(random.nextInt(present.size())).sequence.cancel();
                }
                rig.now.addAndGet(random.nextInt(10));
                boolean worked = rig.generator.step();
                present.removeIf(guest -> guest.heard.isFinished());
                assertThat(worked || present.isEmpty())
                        .as("work is never left undone")
                        .isTrue();
                assertThat(rig.scheduler.blocksInUse() + rig.scheduler.blocksCached())
                        .isEqualTo(rig.pool.inUse());
                if (rig.scheduler.active() == 0) {
                    assertThat(rig.scheduler.blocksInUse()).isZero();
                }
            }
            present.forEach(guest -> guest.sequence.cancel());
            rig.finish();
            for (Guest guest : all) {
                reasons.merge(guest.heard.reason(), 1, Integer::sum);
                List<GeneratedToken> alone = Rig.alone(endless(guest.request)).tokens;
                assertThat(guest.heard.tokens).isEqualTo(alone.subList(0, guest.heard.tokens.size()));
            }
            assertThat(rig.model.steps).isGreaterThan(2000);
        }
        assertThat(reasons.keySet()).containsExactlyInAnyOrder(FinishReason.values());
    }

    private static GenerationRequest endless(GenerationRequest request) {
        return new GenerationRequest(request.prompt(), 0, request.sampling(), 0, Long.MAX_VALUE);
    }

    @Test
    void othersMaySubmitAndCancelWhileTheOwnerWorks() throws InterruptedException {
        Rig rig = new Rig(40, 4, 60, 6, 16);
        AtomicBoolean done = new AtomicBoolean();
        Thread owner = Thread.ofPlatform().start(() -> {
            while (!done.get() || rig.scheduler.hasWork()) {
                if (!rig.generator.step()) {
                    Thread.onSpinWait();
                }
            }
        });
        List<Thread> clients = new ArrayList<>();
        List<List<Guest>> guests = new ArrayList<>();
        for (int client = 0; client < 3; client++) {
            Random random = new Random(client);
            List<Guest> mine = new ArrayList<>();
            guests.add(mine);
            clients.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 300; i++) {
                    while (rig.scheduler.queued() > 80 && owner.isAlive()) {
                        Thread.onSpinWait();
                    }
                    GenerationRequest request = request(random, 25, Long.MAX_VALUE);
                    Heard heard = new Heard();
                    Guest guest = new Guest(request, rig.scheduler.submit(request, heard), heard);
                    mine.add(guest);
                    if (random.nextInt(4) == 0) {
                        guest.sequence.cancel();
                    }
                }
            }));
        }
        for (Thread client : clients) {
            client.join();
        }
        done.set(true);
        owner.join();
        rig.requireQuiet();
        for (List<Guest> mine : guests) {
            assertThat(mine).hasSize(300).allMatch(guest -> guest.heard.isFinished());
        }
    }
}
