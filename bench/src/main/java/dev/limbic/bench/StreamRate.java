package dev.limbic.bench;

import dev.limbic.ops.Weights;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.CyclicBarrier;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The yardstick of decoding: how fast some threads together read memory that no cache holds, with plain vector loads
 * from one end of their part to the other. The memory comes from the device, so that its pages are like the weights'.
 */
final class StreamRate {
    private static final VectorSpecies<Integer> SPECIES = IntVector.SPECIES_PREFERRED;
    private static final int ROWS = 48;

    /** One call of the reading loop: a whole method, compiled well before anything is measured. */
    private static final int ROW_BYTES = 4 << 20;

    private final MemorySegment memory;
    private final int threads;
    private volatile int sink;

    StreamRate(Weights weights, int threads) {
        this.threads = threads;
        float[] values = new float[ROWS * ROW_BYTES / Float.BYTES];
        long address = weights.tensor(HostTensor.of(Shape.of(ROWS, ROW_BYTES / Float.BYTES), values), DType.F32)
                .address();
        memory = MemorySegment.ofAddress(address).reinterpret((long) ROWS * ROW_BYTES);
        for (int i = 0; i < 60; i++) {
            measure();
        }
    }

    /** Bytes a second, all threads together. */
    double measure() {
        CyclicBarrier start = new CyclicBarrier(threads);
        long[] began = new long[threads];
        long[] ended = new long[threads];
        Thread[] team = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            int index = i;
            team[i] = Thread.ofPlatform().start(() -> {
                try {
                    start.await();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                began[index] = System.nanoTime();
                int sum = 0;
                for (int row = index * ROWS / threads; row < (index + 1) * ROWS / threads; row++) {
                    sum += sum((long) row * ROW_BYTES);
                }
                ended[index] = System.nanoTime();
                sink = sum;
            });
        }
        long first = Long.MAX_VALUE;
        long last = Long.MIN_VALUE;
        for (int i = 0; i < threads; i++) {
            join(team[i]);
            first = Math.min(first, began[i]);
            last = Math.max(last, ended[i]);
        }
        return memory.byteSize() * 1e9 / (last - first);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private int sum(long from) {
        int step = SPECIES.vectorByteSize();
        IntVector a = IntVector.zero(SPECIES);
        IntVector b = a;
        IntVector c = a;
        IntVector d = a;
        for (long at = from; at < from + ROW_BYTES; at += 4L * step) {
            a = a.add(IntVector.fromMemorySegment(SPECIES, memory, at, ByteOrder.nativeOrder()));
            b = b.add(IntVector.fromMemorySegment(SPECIES, memory, at + step, ByteOrder.nativeOrder()));
            c = c.add(IntVector.fromMemorySegment(SPECIES, memory, at + 2L * step, ByteOrder.nativeOrder()));
            d = d.add(IntVector.fromMemorySegment(SPECIES, memory, at + 3L * step, ByteOrder.nativeOrder()));
        }
        return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
    }
}
