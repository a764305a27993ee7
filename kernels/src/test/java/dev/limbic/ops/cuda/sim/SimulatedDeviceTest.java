package dev.limbic.ops.cuda.sim;

import static dev.limbic.ops.cuda.sim.SimulatedChip.floats;
import static dev.limbic.ops.cuda.sim.SimulatedChip.kernel;
import static dev.limbic.ops.cuda.sim.SimulatedChip.ok;
import static dev.limbic.ops.cuda.sim.SimulatedChip.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.cuda.TestDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What CUDA promises and the simulator keeps: threads, shared memory, warps, streams, graphs. */
final class SimulatedDeviceTest {
    private SimulatedChip chip;

    @BeforeAll
    static void install() {
        CudaSimulator.install();
    }

    @BeforeEach
    void open() {
        chip = new SimulatedChip();
    }

    @AfterEach
    void close() {
        chip.close();
    }

    /** The files of the shipped sources with this ending. */
    static List<Path> sources(String ending) {
        URL folder = SimulatedDeviceTest.class.getResource("/dev/limbic/ops/cuda/common.cuh");
        assertThat(folder).isNotNull();
        try (Stream<Path> files = Files.list(Path.of(folder.toURI()).resolveSibling(""))) {
            return files.filter(file -> file.toString().endsWith(ending))
                    .sorted()
                    .toList();
        } catch (IOException | URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    static List<Path> families() {
        return sources(".cu");
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void theShippedKernelsCompile(Path family) {
        List<String> texts = new ArrayList<>(List.of(TestDevice.launchHeader()));
        List<String> names = new ArrayList<>(List.of("launch.cuh"));
        for (Path header : sources(".cuh")) {
            texts.add(text(header));
            names.add(header.getFileName().toString());
        }
        SimulatedChip.Compiled compiled = SimulatedChip.compile(
                family.getFileName().toString(),
                text(family),
                texts.toArray(String[]::new),
                names.toArray(String[]::new));
        assertThat(compiled.log()).isEmpty();
        SimulatedChip.module(compiled.image());
    }

    private float[] run(CUfunction k, int blocks, int threads, int sharedBytes, int count) {
        CUdeviceptr y = floats(new float[count]);
        ok(chip.launch(k, blocks, threads, sharedBytes, y));
        ok(chip.synchronise());
        return read(y, count);
    }

    @Test
    void freshMemoryIsNan() {
        CUdeviceptr fresh = new CUdeviceptr();
        ok(JCudaDriver.cuMemAlloc(fresh, 8));
        assertThat(read(fresh, 2)).containsExactly(Float.NaN, Float.NaN);
    }

    @Test
    void staticAndDynamicSharedMemoryReverseABlock() {
        CUfunction k = kernel("(float* y) { __shared__ float a[64], last; extern __shared__ float b[];"
                + " int i = threadIdx.x; a[i] = i + 100 * blockIdx.x; if (i == 63) last = a[i]; __syncthreads();"
                + " b[i] = a[63 - i]; __syncthreads(); y[blockIdx.x * 64 + i] = b[i] + last; }");
        float[] y = run(k, 3, 64, 256, 192);
        for (int i = 0; i < 192; i++) {
            assertThat(y[i]).isEqualTo(63 - i % 64 + 100 * (i / 64) + 63 + 100 * (i / 64));
        }
    }

    @Test
    void sharedMemoryOfATemplateIsOnePerInstance() {
        CUfunction k = SimulatedChip.function(
                SimulatedChip.module(SimulatedChip.compile(
                                "t.cu",
                                "template <int N> __device__ float f() { __shared__ float s[N]; s[threadIdx.x] = N;"
                                        + " __syncthreads(); return s[N - 1 - threadIdx.x]; }\n"
                                        + "extern \"C\" __global__ void k(float* y) { y[threadIdx.x] = f<32>() + f<33>(); }",
                                new String[0],
                                new String[0])
                        .image()),
                "k");
        // Element 0 of f<33>'s array is that of thread 32, which does not exist.
        float[] y = run(k, 1, 32, 0, 32);
        assertThat(y[0]).isNaN();
        assertThat(y[1]).isEqualTo(65);
    }

    @Test
    void shufflesVotesAndPartialMasks() {
        CUfunction k = kernel("(float* y) { int i = threadIdx.x; float v = i;"
                + " for (int s = 16; s > 0; s /= 2) v += __shfl_xor_sync(~0u, v, s);"
                + " unsigned odd = __ballot_sync(~0u, i & 1); int down = __shfl_down_sync(~0u, i, 1, 8);"
                + " int half = i < 16 ? __shfl_sync(0xffffu, i, 3) : __shfl_sync(0xffff0000u, i, 20);"
                + " __syncwarp(); y[i] = v + (odd == 0xaaaaaaaau) + 1000.0f * down + 100000.0f * half; }");
        float[] y = run(k, 1, 32, 0, 32);
        for (int i = 0; i < 32; i++) {
            int down = i % 8 == 7 ? i : i + 1;
            assertThat(y[i]).isEqualTo(496 + 1 + 1000f * down + 100000f * (i < 16 ? 3 : 20));
        }
    }

    @Test
    void lanesOfAWarpThatSyncwarpOrdersMayShare() {
        CUfunction k = kernel("(float* y) { __shared__ float s[32]; int i = threadIdx.x; for (int n = 0; n < 3; n++) {"
                + " s[i] = i + n; __syncwarp(); y[i] = s[31 - i]; __syncwarp(); } }");
        assertThat(run(k, 1, 32, 0, 32)[0]).isEqualTo(33);
    }

    @Test
    void atomicsAndCountingBarriers() {
        CUfunction k = kernel("(float* y) { __shared__ int n; if (threadIdx.x == 0) n = 0; __syncthreads();"
                + " atomicAdd(&n, 2); int even = __syncthreads_count(threadIdx.x % 2 == 0);"
                + " if (threadIdx.x == 0) { y[0] = n; y[1] = even; } atomicAdd(y + 2, 1.0f); }");
        assertThat(run(k, 2, 100, 0, 3)).containsExactly(200, 50, 200);
    }

    @Test
    void aMissingSynchroniseIsSeen() {
        CUfunction k = kernel("(float* y) { *y = 5; }");
        CUdeviceptr y = floats(1);
        Pointer host = new Pointer();
        ok(JCudaDriver.cuMemAllocHost(host, 4));
        FloatBuffer view =
                host.getByteBuffer(0, 4).order(ByteOrder.nativeOrder()).asFloatBuffer();
        view.put(0, -1);
        ok(chip.launch(k, 1, 1, 0, y));
        ok(JCudaDriver.cuMemcpyDtoHAsync(host, y, 4, chip.stream));
        assertThat(view.get(0)).isEqualTo(-1);
        ok(chip.synchronise());
        assertThat(view.get(0)).isEqualTo(5);
        ok(JCudaDriver.cuMemFreeHost(host));
    }

    @Test
    void freeingWaitsForWorkUnderWay() {
        CUfunction k = kernel("(float* y) { y[threadIdx.x] = 5; }");
        CUdeviceptr y = floats(new float[32]);
        ok(chip.launch(k, 1, 32, 0, y));
        ok(JCudaDriver.cuMemFree(y));
        ok(chip.synchronise());
    }

    @Test
    void pageableMemoryMayChangeAfterAnAsynchronousCopy() {
        CUdeviceptr y = floats(0);
        ByteBuffer host =
                ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder()).putFloat(0, 3);
        ok(JCudaDriver.cuMemcpyHtoDAsync(y, Pointer.to(host), 4, chip.stream));
        host.putFloat(0, 4);
        ok(chip.synchronise());
        assertThat(read(y, 1)).containsExactly(3);
    }

    @Test
    void aGraphReplaysWhatWasCaptured() {
        CUfunction k = kernel("(float* y, float x) { *y += x; }");
        CUdeviceptr y = floats(1);
        ok(JCudaDriver.cuStreamBeginCapture(chip.stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        ok(chip.launch(k, 1, 1, 0, y, 2f));
        ok(chip.launch(k, 1, 1, 0, y, 3f));
        CUgraph graph = new CUgraph();
        ok(JCudaDriver.cuStreamEndCapture(chip.stream, graph));
        assertThat(read(y, 1)).containsExactly(1);
        CUgraphExec executable = new CUgraphExec();
        ok(JCudaDriver.cuGraphInstantiate(executable, graph, 0));
        ok(JCudaDriver.cuGraphDestroy(graph));
        for (int i = 0; i < 3; i++) {
            ok(JCudaDriver.cuGraphLaunch(executable, chip.stream));
        }
        ok(chip.synchronise());
        assertThat(read(y, 1)).containsExactly(16);
        ok(JCudaDriver.cuGraphExecDestroy(executable));
    }
}
