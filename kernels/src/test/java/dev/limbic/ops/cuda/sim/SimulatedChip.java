package dev.limbic.ops.cuda.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;

/** A context and a stream for tests that call the driver themselves; every status is in the caller's hands. */
final class SimulatedChip implements AutoCloseable {
    final CUcontext context = new CUcontext();
    final CUstream stream = new CUstream();

    SimulatedChip() {
        ok(JCudaDriver.cuInit(0));
        CUdevice device = new CUdevice();
        ok(JCudaDriver.cuDeviceGet(device, 0));
        ok(JCudaDriver.cuCtxCreate(context, 0, device));
        ok(JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    }

    static void ok(int status) {
        assertThat(CUresult.stringFor(status)).as(CudaSimulator::takeFault).isEqualTo("CUDA_SUCCESS");
    }

    /** A program's compilation. */
    record Compiled(int status, String log, byte[] image) {}

    static Compiled compile(String name, String source, String[] headers, String[] headerNames) {
        nvrtcProgram program = new nvrtcProgram();
        ok(JNvrtc.nvrtcCreateProgram(program, source, name, headers.length, headers, headerNames));
        String[] options = {"--gpu-architecture=sm_90", "--std=c++17"};
        int status = JNvrtc.nvrtcCompileProgram(program, options.length, options);
        String[] log = new String[1];
        ok(JNvrtc.nvrtcGetProgramLog(program, log));
        byte[] image = {};
        if (status == 0) {
            long[] size = new long[1];
            ok(JNvrtc.nvrtcGetCUBINSize(program, size));
            image = new byte[Math.toIntExact(size[0])];
            ok(JNvrtc.nvrtcGetCUBIN(program, image));
        }
        ok(JNvrtc.nvrtcDestroyProgram(program));
        return new Compiled(status, log[0] == null ? "" : log[0], image);
    }

    static CUmodule module(byte[] image) {
        CUmodule module = new CUmodule();
        ok(JCudaDriver.cuModuleLoadData(module, image));
        return module;
    }

    static CUfunction function(CUmodule module, String name) {
        CUfunction function = new CUfunction();
        ok(JCudaDriver.cuModuleGetFunction(function, module, name));
        return function;
    }

    /** The kernel {@code k} of a source that is only it: {@code extern "C" __global__ void k} and what follows. */
    static CUfunction kernel(String parametersAndBody) {
        return kernel("", parametersAndBody);
    }

    static CUfunction kernel(String attributes, String parametersAndBody) {
        Compiled compiled = compile(
                "k.cu",
                "extern \"C\" __global__ void " + attributes + " k" + parametersAndBody,
                new String[0],
                new String[0]);
        assertThat(compiled.log).isEmpty();
        return function(module(compiled.image), "k");
    }

    /** Device memory with floats in it. */
    static CUdeviceptr floats(float... values) {
        CUdeviceptr address = new CUdeviceptr();
        ok(JCudaDriver.cuMemAlloc(address, 4L * values.length));
        ok(JCudaDriver.cuMemcpyHtoD(address, Pointer.to(values), 4L * values.length));
        return address;
    }

    static float[] read(CUdeviceptr from, int count) {
        float[] values = new float[count];
        ok(JCudaDriver.cuMemcpyDtoH(Pointer.to(values), from, 4L * count));
        return values;
    }

    /** Launches on the stream; arguments are integers, floats and device memory. */
    int launch(CUfunction function, int blocks, int threads, int sharedBytes, Object... arguments) {
        return JCudaDriver.cuLaunchKernel(
                function, blocks, 1, 1, threads, 1, 1, sharedBytes, stream, block(arguments), null);
    }

    int synchronise() {
        return JCudaDriver.cuStreamSynchronize(stream);
    }

    /** Addresses of the arguments, ended by null, then their values. */
    private static Pointer block(Object... arguments) {
        int most = 16;
        ByteBuffer block = ByteBuffer.allocateDirect(2 * most * Long.BYTES).order(ByteOrder.nativeOrder());
        long start = MemorySegment.ofBuffer(block).address();
        for (int i = 0; i < arguments.length; i++) {
            int at = (most + i) * Long.BYTES;
            block.putLong(i * Long.BYTES, start + at);
            switch (arguments[i]) {
                case Integer value -> block.putInt(at, value);
                case Float value -> block.putFloat(at, value);
                case CUdeviceptr value -> block.putLong(at, address(value));
                default -> throw new IllegalArgumentException("no argument of a kernel: " + arguments[i]);
            }
        }
        return Pointer.to(block);
    }

    static long address(CUdeviceptr pointer) {
        return new Peek(pointer).address();
    }

    /** JCuda shows the number to its subclasses only. */
    private static final class Peek extends CUdeviceptr {
        Peek(CUdeviceptr pointer) {
            super(pointer, 0);
        }

        long address() {
            return getNativePointer() + getByteOffset();
        }
    }

    @Override
    public void close() {
        JCudaDriver.cuCtxDestroy(context);
        CudaSimulator.takeFault();
    }
}
