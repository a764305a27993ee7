package dev.limbic.natives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.BitSet;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
final class CoresTest {
    private static BitSet only(int core) {
        BitSet cores = new BitSet();
        cores.set(core);
        return cores;
    }

    /** What the system says of a thread that avoids some cores, as seen from a thread of its own. */
    private static BitSet allowed(BitSet avoided) throws InterruptedException {
        BitSet[] found = new BitSet[1];
        Thread thread = Thread.ofPlatform().start(() -> {
            Objects.requireNonNull(Cores.Place.ofCallingThread()).avoid(avoided);
            found[0] = Objects.requireNonNull(Cores.Place.ofCallingThread()).allowed();
        });
        thread.join();
        return found[0];
    }

    @Test
    void aThreadRunsOnACoreThatItMayUse() {
        Cores.Place place = Objects.requireNonNull(Cores.Place.ofCallingThread());
        assertThat(place.allowed().get(Cores.current())).isTrue();
    }

    @Test
    void aThreadAvoidsACore() throws InterruptedException {
        BitSet all = allowed(new BitSet());
        assumeTrue(all.cardinality() > 1, "one core only");
        int first = all.nextSetBit(0);
        BitSet others = (BitSet) all.clone();
        others.clear(first);
        assertThat(allowed(only(first))).isEqualTo(others);
    }

    @Test
    void whoWouldHaveNoneLeftGoesOnAsBefore() throws InterruptedException {
        BitSet all = allowed(new BitSet());
        assertThat(allowed(all)).isEqualTo(all);
    }
}
