package dev.limbic.bench;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToIntFunction;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * A client that costs little: messages are written once, answers are hardly looked at, everything happens on the
 * network's threads. In the open loop calls begin when their time has come, whatever became of those before, at random
 * intervals (Poisson); an answer counts if it is there within the timeout from that time, however late the client was
 * itself.
 */
final class OpenLoad implements AutoCloseable {
    private static final long HIGHEST_NANOS = Duration.ofSeconds(60).toNanos();
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Open calls beyond which the client does not send: its memory is not what is measured. */
    private static final int MOST_OPEN = 8000;

    private static final int CHANNELS = 4;

    /**
     * What is asked.
     *
     * @param value what a message of an answer is worth; what counts is the sum over all messages of answers in time
     * @param least an answer worth less than this is worth nothing
     */
    record Mix(MethodDescriptor<byte[], byte[]> method, List<byte[]> messages, ToIntFunction<byte[]> value, int least) {
        static Mix of(MethodDescriptor<?, ?> method, List<byte[]> messages, ToIntFunction<byte[]> value, int least) {
            MethodDescriptor<byte[], byte[]> bytes = MethodDescriptor.newBuilder(Bytes.BOTH, Bytes.BOTH)
                    .setType(method.getType())
                    .setFullMethodName(method.getFullMethodName())
                    .build();
            return new Mix(bytes, messages, value, least);
        }
    }

    /** What was measured, per second where it is a rate; {@code clientCores} is the client's own use of the processor. */
    record Result(
            double offered,
            double inTime,
            double answered,
            double refused,
            double expired,
            double failed,
            double unsent,
            Histogram latency,
            Histogram lag,
            double clientCores) {}

    private final ManagedChannel[] channels = new ManagedChannel[CHANNELS];
    private final Random random = new Random(1);

    OpenLoad(int port) {
        for (int i = 0; i < CHANNELS; i++) {
            channels[i] = NettyChannelBuilder.forAddress("127.0.0.1", port)
                    .usePlaintext()
                    .directExecutor()
                    .build();
        }
    }

    /** So many calls are open all the time, without a deadline. */
    Result closed(Mix mix, int inFlight, Duration warmUp, Duration measured) {
        Tally tally = new Tally(warmUp, measured);
        for (int i = 0; i < inFlight; i++) {
            new Call(tally, mix, i % CHANNELS, new Random(i), System.nanoTime(), 0, true).start();
        }
        return tally.result();
    }

    /** @param timeout zero for none */
    Result open(Mix mix, double perSecond, Duration timeout, Duration warmUp, Duration measured) {
        Tally tally = new Tally(warmUp, measured);
        double next = System.nanoTime();
        for (int i = 0; next < tally.end; i++) {
            next += -Math.log(1 - random.nextDouble()) * 1e9 / perSecond;
            for (long now = System.nanoTime(); now < next; now = System.nanoTime()) {
                LockSupport.parkNanos((long) next - now);
            }
            tally.offer((long) next);
            if (tally.open.get() > MOST_OPEN) {
                tally.unsent.increment();
                continue;
            }
            new Call(tally, mix, i % CHANNELS, random, (long) next, timeout.toNanos(), false).start();
        }
        return tally.result();
    }

    @Override
    public void close() {
        for (ManagedChannel channel : channels) {
            channel.shutdownNow();
        }
    }

    private static final class Tally {
        private final long begin;
        private final long end;
        private final AtomicInteger open = new AtomicInteger();
        private final LongAdder offered = new LongAdder();
        private final LongAdder inTime = new LongAdder();
        private final LongAdder answered = new LongAdder();
        private final LongAdder refused = new LongAdder();
        private final LongAdder expired = new LongAdder();
        private final LongAdder failed = new LongAdder();
        private final LongAdder unsent = new LongAdder();
        private final Histogram latency = new ConcurrentHistogram(HIGHEST_NANOS, 3);
        private final Histogram lag = new ConcurrentHistogram(HIGHEST_NANOS, 3);
        private final long cpuBefore = cpuNanos();
        private final long startedNanos = System.nanoTime();

        Tally(Duration warmUp, Duration measured) {
            begin = System.nanoTime() + warmUp.toNanos();
            end = begin + measured.toNanos();
        }

        boolean counts(long nanos) {
            return nanos >= begin && nanos < end;
        }

        void offer(long scheduled) {
            if (counts(scheduled)) {
                offered.increment();
                lag.recordValue(Math.clamp(System.nanoTime() - scheduled, 0, HIGHEST_NANOS));
            }
        }

        Result result() {
            long now = System.nanoTime();
            LockSupport.parkNanos(end - now);
            while (System.nanoTime() < end) {
                LockSupport.parkNanos(end - System.nanoTime());
            }
            double cores = (double) (cpuNanos() - cpuBefore) / (System.nanoTime() - startedNanos);
            long patience = System.nanoTime() + PATIENCE.toNanos();
            while (open.get() > 0 && System.nanoTime() < patience) {
                LockSupport.parkNanos(1_000_000);
            }
            double seconds = (end - begin) / 1e9;
            return new Result(
                    offered.sum() / seconds,
                    inTime.sum() / seconds,
                    answered.sum() / seconds,
                    refused.sum() / seconds,
                    expired.sum() / seconds,
                    failed.sum() / seconds,
                    unsent.sum() / seconds,
                    latency,
                    lag,
                    cores);
        }

        private static long cpuNanos() {
            return ManagementFactory.getOperatingSystemMXBean()
                            instanceof com.sun.management.OperatingSystemMXBean system
                    ? system.getProcessCpuTime()
                    : 0;
        }
    }

    private final class Call extends ClientCall.Listener<byte[]> {
        private final Tally tally;
        private final Mix mix;
        private final int channel;
        private final Random choices;
        private final long scheduled;
        private final long timeoutNanos;
        private final boolean again;
        private int value;

        Call(Tally tally, Mix mix, int channel, Random choices, long scheduled, long timeoutNanos, boolean again) {
            this.tally = tally;
            this.mix = mix;
            this.channel = channel;
            this.choices = choices;
            this.scheduled = scheduled;
            this.timeoutNanos = timeoutNanos;
            this.again = again;
        }

        void start() {
            tally.open.incrementAndGet();
            CallOptions options = CallOptions.DEFAULT;
            if (timeoutNanos > 0) {
                long left = scheduled + timeoutNanos - System.nanoTime();
                options = options.withDeadlineAfter(Math.max(1, left), TimeUnit.NANOSECONDS);
            }
            ClientCall<byte[], byte[]> call = channels[channel].newCall(mix.method(), options);
            call.start(this, new Metadata());
            call.request(Integer.MAX_VALUE);
            call.sendMessage(mix.messages().get(choices.nextInt(mix.messages().size())));
            call.halfClose();
        }

        @Override
        public void onMessage(byte[] message) {
            if (timeoutNanos == 0 || System.nanoTime() - scheduled <= timeoutNanos) {
                value += mix.value().applyAsInt(message);
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            long now = System.nanoTime();
            if (tally.counts(again ? now : scheduled)) {
                count(status, now - scheduled);
            }
            if (again && now < tally.end) {
                new Call(tally, mix, channel, choices, now, timeoutNanos, true).start();
            }
            tally.open.decrementAndGet();
        }

        private void count(Status status, long nanos) {
            if (value >= mix.least()) {
                tally.inTime.add(value);
            }
            switch (status.getCode()) {
                case OK -> {
                    tally.answered.increment();
                    tally.latency.recordValue(Math.clamp(nanos, 0, HIGHEST_NANOS));
                }
                case RESOURCE_EXHAUSTED -> tally.refused.increment();
                case DEADLINE_EXCEEDED, CANCELLED -> tally.expired.increment();
                default -> tally.failed.increment();
            }
        }
    }

    /** Messages as they are. */
    private enum Bytes implements MethodDescriptor.Marshaller<byte[]> {
        BOTH;

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
