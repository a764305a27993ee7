package dev.limbic.bench;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Device;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One linear layer with GELU, [rows, 768] → [rows, 3072], by precision: {@code limbic bench jmh LinearBenchmark}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up
public class LinearBenchmark {
    private static final int IN = 768;
    private static final int OUT = 3072;

    @Param({"1", "32", "256"})
    public int rows;

    @Param({"F32", "BF16", "INT8"})
    public Precision precision;

    private Device device;
    private Weights weights;
    private Linear linear;
    private float[] input;

    @Setup(Level.Trial)
    public void open() {
        device = new CpuDevice(Runtime.getRuntime().availableProcessors());
        weights = device.weights();
        linear = weights.linear(
                HostTensor.of(Shape.of(OUT, IN), random(OUT * IN)),
                HostTensor.of(Shape.of(OUT), random(OUT)),
                precision);
        input = random(rows * IN);
    }

    private static float[] random(int n) {
        Random random = new Random(1);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }

    @TearDown(Level.Trial)
    public void close() {
        weights.close();
        device.close();
    }

    /** The input's upload is part of it, as it is of a request. */
    @Benchmark
    public Tensor linear() {
        device.beginBatch();
        return device.ops().rows().linear(device.upload(input, rows, IN), linear, Activation.GELU);
    }
}
