package dev.limbic.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.server.FakeTextModel;
import dev.limbic.server.TestConfig;
import dev.limbic.server.config.ServerConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WarmUpTest {
    /** Most rows that a batch had. */
    private static int mostRows(ServerConfig.Batch batch) {
        FakeTextModel model = new FakeTextModel("fake");
        AtomicInteger most = new AtomicInteger();
        model.keepNothing();
        model.whileComputing(rows -> most.accumulateAndGet(rows, Math::max));
        WarmUp.run(List.of(Host.of(List.of(model.typed()))), TestConfig.batching(TestConfig.of("fake"), batch));
        return most.get();
    }

    @Test
    void noBatchIsLargerThanAnyThatWillBeServed() {
        assertThat(mostRows(new ServerConfig.Batch(2048, 1, 5, 8, Duration.ZERO)))
                .isEqualTo(5);
        int oneOfTwelveTokens = mostRows(new ServerConfig.Batch(40, 1, 64, 8, Duration.ZERO));
        assertThat(oneOfTwelveTokens).isBetween(1, 4);
        assertThat(mostRows(new ServerConfig.Batch(1, 1, 64, 8, Duration.ZERO))).isEqualTo(1);
    }
}
