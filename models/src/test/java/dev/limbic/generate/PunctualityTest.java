package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Replies that cannot be in time are refused before anything is computed for them; the others are in time. */
class PunctualityTest {
    private static final long MILLI = TimedRig.MILLI;

    @Test
    void whatItsTimeCannotGiveIsRefusedBeforeItsPromptIsComputed() {
        TimedRig timed = new TimedRig(8).learnt();
        int before = timed.rig.model.rows;
        long alone = timed.alone(20, 30);
        assertThatThrownBy(() -> timed.rig.scheduler.submit(TimedRig.request(20, 30, 30, alone / 4), new Heard()))
                .isInstanceOf(LimbicException.Overloaded.class)
                .hasMessageContaining("ms are left");
        assertThat(timed.submit(TimedRig.request(20, 0, 30, timed.alone(20, 1) / 4)))
                .as("no first token, no reply")
                .isNull();
        assertThat(timed.step()).isFalse();
        assertThat(timed.rig.model.rows).isEqualTo(before);
        assertThat(timed.rig.scheduler.queued()).isZero();
        timed.rig.requireQuiet();
    }

    @Test
    void anIdleDeviceTakesWhatItCanDo() {
        TimedRig timed = new TimedRig(8).learnt();
        Heard heard = timed.submit(TimedRig.request(20, 30, 30, timed.alone(20, 30) + 1));
        while (timed.step()) {}
        assertThat(Objects.requireNonNull(heard).reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void whatKnowsNoDeadlineIsNeverTooLate() {
        TimedRig timed = new TimedRig(4).learnt();
        List<Heard> all = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            all.add(Objects.requireNonNull(timed.submit(TimedRig.request(200, 40, 60, Long.MAX_VALUE))));
        }
        while (timed.step()) {}
        assertThat(all).allMatch(heard -> heard.tokens.size() == 60);
    }

    @Test
    void beforeAnythingIsKnownNothingIsRefused() {
        TimedRig timed = new TimedRig(4);
        Heard heard = timed.submit(TimedRig.request(100, 100, 100, MILLI));
        while (timed.step()) {}
        assertThat(Objects.requireNonNull(heard).reason()).isEqualTo(FinishReason.DEADLINE);
    }

    @Test
    void aDeviceThatWasSlowIsTriedAgain() {
        TimedRig timed = new TimedRig(4);
        timed.fixed *= 20;
        timed.learnt();
        timed.fixed /= 20;
        int refused = 0;
        while (timed.submit(TimedRig.request(20, 30, 30, 2 * timed.alone(20, 30))) == null) {
            refused++;
        }
        assertThat(refused).isBetween(1, 30);
        while (timed.step()) {}
        timed.learnt().learnt();
        assertThat(timed.submit(TimedRig.request(20, 30, 30, 2 * timed.alone(20, 30))))
                .isNotNull();
    }

    @Test
    void theHintSaysWhenItWillGo() {
        TimedRig timed = new TimedRig(4).learnt();
        for (int i = 0; i < 8; i++) {
            timed.submit(TimedRig.request(20, 0, 40, Long.MAX_VALUE));
        }
        timed.step();
        GenerationRequest request = TimedRig.request(20, 20, 20, 3 * timed.alone(20, 20));
        LimbicException.Overloaded refused = catchThrowableOfType(
                LimbicException.Overloaded.class, () -> timed.rig.scheduler.submit(request, new Heard()));
        long hint = refused.retryAfter().toNanos();
        assertThat(hint).isBetween(50 * MILLI, 1000 * MILLI);
        Heard heard = null;
        for (int tries = 0; tries < 3 && heard == null; tries++) {
            long later = timed.rig.now.get() + hint;
            while (timed.rig.now.get() < later) {
                timed.step();
            }
            heard = timed.submit(request);
        }
        assertThat(timed.rig.scheduler.hasWork())
                .as("not only when all others are done")
                .isTrue();
        while (timed.step()) {}
        assertThat(Objects.requireNonNull(heard).reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void whoWaitsUntilItIsTooLateIsEndedAndNotComputed() {
        TimedRig timed = new TimedRig(1).learnt();
        timed.submit(TimedRig.request(10, 0, 40, Long.MAX_VALUE));
        timed.step();
        Heard waiting = timed.submit(TimedRig.request(30, 20, 20, 40 * timed.cost(1, 0) + 2 * timed.alone(30, 20)));
        timed.fixed *= 3; // slower than anybody could know
        int rows = timed.rig.model.rows;
        int steps = timed.rig.model.steps;
        while (timed.step()) {}
        Heard ended = Objects.requireNonNull(waiting);
        assertThat(ended.finish().failure()).isInstanceOf(LimbicException.Overloaded.class);
        assertThat(timed.rig.model.rows - rows)
                .as("rows of the other one alone")
                .isEqualTo(timed.rig.model.steps - steps);
        timed.rig.requireQuiet();
    }

    @Test
    void noMoreRunAtOnceThanCanBeInTime() {
        TimedRig timed = new TimedRig(40);
        timed.perText = 4 * MILLI; // each one more slows all
        timed.learnt();
        long timeout = 30 * timed.cost(6, 0);
        List<Heard> taken = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Heard heard = timed.submit(TimedRig.request(10, 20, 20, timeout));
            if (heard != null) {
                taken.add(heard);
            }
        }
        int most = 0;
        while (timed.step()) {
            most = Math.max(most, timed.rig.scheduler.active());
        }
        assertThat(most).isBetween(4, 12);
        assertThat(taken).hasSizeBetween(5, 16);
        long whole = taken.stream()
                .filter(heard -> heard.reason() == FinishReason.LENGTH)
                .count();
        assertThat(whole).isGreaterThanOrEqualTo(taken.size() - 1);
    }

    @Test
    void whoHasNoDeadlineIsHeldUpByThoseWhoHaveOneButNotForEver() {
        TimedRig timed = new TimedRig(8);
        timed.perText = 8 * MILLI;
        timed.learnt();
        Heard tight = timed.submit(TimedRig.request(10, 30, 30, timed.alone(10, 30) * 5 / 4));
        timed.step();
        Heard patient = timed.submit(TimedRig.request(10, 0, 30, Long.MAX_VALUE));
        while (timed.step()) {}
        assertThat(Objects.requireNonNull(tight).reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(Objects.requireNonNull(patient).tokens).hasSize(30);
    }

    /** With and without saying that a part of a reply is worth nothing; on a device that is steady and on one that is not. */
    @ParameterizedTest
    @CsvSource({
        "1.2, 1500, true, 0", "2, 1500, true, 0.3", "5, 1500, true, 0.3",
        "1.2, 600, true, 0.3", "2, 600, true, 0", "5, 600, true, 0",
        "1.2, 1500, false, 0.3", "2, 600, false, 0.3", "5, 600, false, 0"
    })
    void whatIsInTimeUnderOverloadIsNearlyWhatTheDeviceCanDo(
            double times, long timeoutMillis, boolean minimum, double noise) {
        TimedRig.Outcome capacity = new TimedRig(12).noisy(noise).learnt().load(1e9, 200, Long.MAX_VALUE, minimum, 1);
        double perSecond = capacity.inTime() / capacity.seconds();
        TimedRig.Outcome outcome =
                new TimedRig(12).noisy(noise).learnt().load(times * perSecond, 800, timeoutMillis * MILLI, minimum, 2);
        assertThat(outcome.good()).as("%s of %s", outcome, capacity).isGreaterThan(0.9 * capacity.good());
        assertThat(outcome.wasted()).as("%s of %s", outcome, capacity).isLessThan(0.05 * capacity.good());
    }
}
