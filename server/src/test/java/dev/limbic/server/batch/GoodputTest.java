package dev.limbic.server.batch;

import static dev.limbic.server.batch.OverloadFixture.HIGH;
import static dev.limbic.server.batch.OverloadFixture.LOW;
import static dev.limbic.server.batch.OverloadFixture.MS;
import static dev.limbic.server.batch.OverloadFixture.NORMAL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a device brings home in time when more is asked for than it can do, on a clock of its own: texts of mixed lengths
 * and priorities arrive at random, and batches have a fixed part and a part per token, as those of encoders, and a time
 * that varies.
 */
class GoodputTest {
    private static final BatchPolicy POLICY = new BatchPolicy(4096, 64, 1024, Duration.ZERO);
    private static final long SECOND = 1000 * MS;
    private static final long[] PRIORITIES = {LOW, NORMAL, NORMAL, HIGH};
    private static final int MEAN_TOKENS = 16;
    private static final int MOST_TOKENS = 128;
    private static final long MEASURED = 20 * SECOND;

    /** One batch in twenty takes longer by this; the others by half a normal deviate of the other. */
    private static final double SLOW = 1.5;

    private static final double NOISE = .1;
    private static final double MEAN_FACTOR = .05 * SLOW + .95 * (1 + NOISE * Math.sqrt(2 / Math.PI));

    private final Random random = new Random(1);
    private final Turns turns = new Turns(new Steppers());
    private long now;
    private @Nullable Batch<?, ?> running;
    private long batchEnds;
    private int offered;
    private int accepted;
    private int inTime;

    /** @param milliseconds that a full batch takes, about */
    @ParameterizedTest
    @CsvSource({
        "15, 200, 1.2", "15, 200, 2", "15, 200, 5", "15, 1000, 1.2", "15, 1000, 2", "15, 1000, 5",
        "150, 1000, 1.2", "150, 1000, 2", "150, 1000, 5", "150, 3000, 1.2", "150, 3000, 2", "150, 3000, 5"
    })
    void mostOfWhatTheDeviceCanDoIsInTime(long milliseconds, long timeout, double times) {
        double fixed = .1 * milliseconds * MS;
        double perToken = .9 * milliseconds * MS / (POLICY.maxRows() * MEAN_TOKENS);
        double capacity = POLICY.maxRows() / (MEAN_FACTOR * milliseconds * MS);
        Lane<Integer, Integer> lane = lane();
        run(lane, times * capacity, timeout * MS, fixed, perToken, 2 * SECOND);
        offered = 0;
        accepted = 0;
        inTime = 0;
        run(lane, times * capacity, timeout * MS, fixed, perToken, MEASURED);
        assertThat(offered / (capacity * MEASURED)).isCloseTo(times, within(.1 * times));
        assertThat(inTime / (capacity * MEASURED)).as("in time, of capacity").isGreaterThan(.95);
        assertThat((accepted - inTime) / (capacity * MEASURED))
                .as("accepted in vain, of capacity")
                .isLessThan(.2);
    }

    @SuppressWarnings("NullAway") // nobody submits: what arrives is put among the turns by hand
    private Lane<Integer, Integer> lane() {
        Lane<Integer, Integer> lane = new Lane<>(null, "a", List::copyOf, POLICY, new Pace(64), now);
        turns.lanes().add(lane);
        return lane;
    }

    private void run(
            Lane<Integer, Integer> lane, double perNano, long timeout, double fixed, double perToken, long length) {
        long end = now + length;
        double arrives = now;
        while (now < end) {
            if (running != null && batchEnds <= arrives) {
                now = batchEnds;
                end(lane);
                begin(fixed, perToken);
            } else {
                now = (long) arrives;
                arrives += -Math.log(1 - random.nextDouble()) / perNano;
                arrive(lane, timeout);
                if (running == null) {
                    begin(fixed, perToken);
                }
            }
        }
    }

    private void arrive(Lane<Integer, Integer> lane, long timeout) {
        offered++;
        int cost = (int) Math.min(MOST_TOKENS, 1 - (MEAN_TOKENS - 1) * Math.log(1 - random.nextDouble()));
        long patience = PRIORITIES[random.nextInt(PRIORITIES.length)];
        try {
            Claim claim = turns.requireRoom(lane, cost, patience, timeout, now);
            boolean trusting = turns.forecast().mustLearn(lane, now);
            turns.add(new Ticket<>(lane, claim, trusting, cost, new Unheard()), now);
            accepted++;
        } catch (LimbicException.Overloaded refused) {
            assertThat(refused.retryAfter()).isPositive();
        }
    }

    private static final class Unheard implements Completion<Integer> {
        @Override
        public void done(Integer result, Ride ride) {}

        @Override
        public void failed(LimbicException why) {}
    }

    private void begin(double fixed, double perToken) {
        Turns.Turn turn = turns.next(now, false, false);
        running = turn.batch();
        if (running != null) {
            double factor = random.nextInt(20) == 0 ? SLOW : 1 + NOISE * Math.abs(random.nextGaussian());
            batchEnds = now + (long) (factor * (fixed + perToken * running.cost()));
        }
    }

    private void end(Lane<Integer, Integer> lane) {
        Batch<?, ?> batch = Objects.requireNonNull(running);
        lane.ran(batch.cost(), now - batch.assembledNanos(), now);
        inTime += (int) batch.tickets().stream()
                .filter(ticket -> !ticket.expiredAt(now))
                .count();
    }
}
