package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * How a convolution and a convolution of single pixels behind it are cut into slabs, so that what lies between the two of a slab
 * stays in cache, and who computes them: each worker its own, then what is left of others'. Several threads may run it at once.
 */
final class ConvPairSchedule implements ConvLayer.Scheduled {
    /**
     * What makes two schedules of one pair the same.
     *
     * @param type of pictures and results
     * @param between sizes of the pictures between the two; those of the result too
     * @param padding of the first
     */
    record Key(
            ConvLayer first,
            DType type,
            Planes planes,
            Planes between,
            Padding.Pixels padding,
            int threads,
            Activation activationBetween,
            Activation activation,
            boolean residual) {}

    /** What lies between the two of a slab: with what it is made of it stays in the second-level cache. */
    private static final int BETWEEN_BYTES = 128 << 10;

    private record Call(ConvPlan first, long firstWeights, ConvPlan second, long secondWeights, Slab slab) {}

    private final ConvLayer first;
    private final ConvLayer second;
    private final Key key;
    private final List<Call> calls = new ArrayList<>();
    private final ConvActivation between;
    private final ConvActivation activation;
    private final int threads;
    private final int inputBytes;
    private final int betweenBytes;
    private final int resultBytes;

    ConvPairSchedule(ConvLayer second, Key key) {
        this.first = key.first;
        this.second = second;
        this.key = key;
        between = ConvActivation.of(key.activationBetween, key.type);
        activation = ConvActivation.of(key.activation, key.type);
        int elementBytes = key.type.bytes();
        inputBytes = first.sliding().kernel().in() * elementBytes;
        betweenBytes = second.sliding().kernel().in() * elementBytes;
        resultBytes = second.sliding().kernel().out() * elementBytes;
        WorkShare share = WorkShare.of(
                key.threads,
                first.seconds(key.type, key.type, key.planes, key.between)
                        + second.seconds(key.type, key.type, key.between, key.between));
        threads = share.threads();
        slabs(share.parts()).forEach(this::add);
        first.weights().settle();
        second.weights().settle();
    }

    private List<Slab> slabs(int parts) {
        Planes between = key.between;
        int n = between.n();
        int most = Math.max(1, BETWEEN_BYTES / betweenBytes);
        if (between.pixels() <= most && (n % threads == 0 || n >= 4 * threads)) {
            int group = Math.max(1, Math.min(n / parts, most / between.pixels()));
            return Slab.shared(key.planes, between, key.padding, threads, group);
        }
        int needed = Math.ceilDiv(between.pixels(), most);
        int count = n >= 4 * threads ? needed : CpuLinear.roundUp(Math.max(needed, parts), threads);
        return Slab.rows(first.sliding(), key.planes, between, key.padding, count);
    }

    private void add(Slab slab) {
        int rows = slab.n() * slab.outH() * key.between.w();
        int channels = second.sliding().kernel().out();
        ConvPlan one = first.plan(
                key.type,
                key.type,
                slab,
                key.planes.w(),
                key.between.w(),
                key.padding.left(),
                first.sliding().kernel().out(),
                between.fused(),
                false);
        Slab row = new Slab(1, 1, 1, 0, 0, slab.output());
        ConvPlan two = second.plan(key.type, key.type, row, rows, rows, 0, channels, activation.fused(), key.residual);
        calls.add(new Call(
                one,
                first.weights().of(one, 0, first.sliding().kernel().out()),
                two,
                second.weights().of(two, 0, channels),
                slab));
    }

    /**
     * Computes both convolutions.
     *
     * @param x address of the first row of the input
     * @param y address of the first row of the result
     */
    void run(CpuEngine engine, long x, long y) {
        if (threads == 1 || calls.size() == 1) {
            for (Call call : calls) {
                call(engine.team().owner(), call, x, y);
            }
        } else {
            engine.shares().runs(calls.size(), 1, (worker, from, to) -> call(worker, calls.get(from), x, y));
        }
    }

    private void call(Worker worker, Call call, long x, long y) {
        Arena.Mark mark = worker.scratch().mark();
        Slab slab = call.slab;
        int rows = slab.n() * slab.outH() * key.between.w();
        long scratch = worker.scratch().allocate((long) rows * betweenBytes);
        long result = y + (long) slab.output() * resultBytes;
        call.first.execute(
                worker, x + (long) slab.input() * inputBytes, 0, call.firstWeights, 0, first.bias(), scratch);
        between.after(scratch, rows * second.sliding().kernel().in());
        call.second.execute(worker, scratch, 0, call.secondWeights, 0, second.bias(), result);
        activation.after(result, rows * second.sliding().kernel().out());
        worker.scratch().rewind(mark);
    }

    @Override
    public void close() {
        for (Call call : calls) {
            first.plans().release(call.first);
            second.plans().release(call.second);
        }
        calls.clear();
    }
}
