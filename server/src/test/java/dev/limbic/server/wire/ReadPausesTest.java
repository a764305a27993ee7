package dev.limbic.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.LimbicException;
import io.grpc.Status;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a connection is read again, on a clock of its own. */
class ReadPausesTest {
    private static final long MS = 1_000_000;

    private static final WireObserver DEAF = new WireObserver() {
        @Override
        public void answered(String method, String model, String status, long nanos) {}

        @Override
        public void streamOpened() {}

        @Override
        public void streamClosed() {}

        @Override
        public void defect(String method, Throwable cause) {}
    };

    private final AtomicLong now = new AtomicLong(-5 * MS); // as System.nanoTime, it may begin anywhere
    private final Pressure pressure = new Pressure(DEAF, now::get);
    private final EmbeddedChannel channel = new EmbeddedChannel(new ReadPauses(pressure));

    @AfterEach
    void close() {
        var _ = channel.finishAndReleaseAll();
    }

    private void refuse() {
        pressure.answered("Analyze", "model", Status.Code.RESOURCE_EXHAUSTED.name(), 1);
    }

    private boolean pausesAfter(ByteBuf read) {
        channel.writeInbound(read);
        return !channel.config().isAutoRead();
    }

    private static ByteBuf some() {
        return Unpooled.buffer(2048).writeZero(100);
    }

    @Test
    void withoutRefusalsAConnectionIsReadAtOnce() {
        assertThat(pausesAfter(some())).isFalse();
        pressure.answered("Analyze", "model", Status.Code.OK.name(), 1);
        pressure.answered("Analyze", "model", Status.Code.DEADLINE_EXCEEDED.name(), 1);
        assertThat(pausesAfter(some())).isFalse();
    }

    @Test
    void whileRequestsAreRefusedItIsReadAfterAPause() {
        channel.freezeTime();
        refuse();
        assertThat(pausesAfter(some())).isTrue();
        channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.config().isAutoRead()).isFalse();
        channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.config().isAutoRead()).isTrue();
        assertThat(pausesAfter(some())).isTrue();
    }

    @Test
    void aMomentAfterTheLastRefusalItIsReadAtOnceAgain() {
        refuse();
        now.addAndGet(19 * MS);
        assertThat(pressure.isHigh()).isTrue();
        now.addAndGet(MS);
        assertThat(pausesAfter(some())).isFalse();
    }

    @Test
    void whereMoreWaitsThanWasReadThereIsNoPause() {
        refuse();
        assertThat(pausesAfter(Unpooled.buffer(2048, 2048).writeZero(2048))).isFalse();
        assertThat(pausesAfter(some())).isTrue();
    }

    @Test
    void everythingIsReadOn() {
        refuse();
        ByteBuf read = some();
        channel.writeInbound(read);
        assertThat(channel.<ByteBuf>readInbound()).isSameAs(read);
        read.release();
    }

    @Test
    void whatIsRefusedForWantOfTimeOrRoomIsPressure() {
        String status = Failures.of(new LimbicException.Overloaded("full", Duration.ofMillis(5)))
                .code()
                .name();
        pressure.answered("Analyze", "model", status, 1);
        assertThat(pressure.isHigh()).isTrue();
    }
}
