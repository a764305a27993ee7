package dev.limbic.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/** A network in ONNX Runtime, for one number of pictures, with what makes it quickest: all its optimisations, fixed sizes. */
final class OnnxNet implements AutoCloseable {
    private static final String INPUT = "pixels";
    private static final long STACK_BYTES = 256L << 20;

    private final OrtSession.SessionOptions options;
    private final OrtSession session;
    private final OnnxTensor pixels;

    /**
     * Opens a network.
     *
     * @param spinning whether threads wait actively for a while, as they do if nothing is said
     * @param pixels f32 [N, C, H, W]
     */
    OnnxNet(Path file, int threads, boolean spinning, float[] pixels, long... shape) throws OrtException {
        OrtEnvironment environment = environment();
        options = new OrtSession.SessionOptions();
        options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
        options.setIntraOpNumThreads(threads);
        options.setInterOpNumThreads(1);
        options.addConfigEntry("session.intra_op.allow_spinning", spinning ? "1" : "0");
        options.setSymbolicDimensionValue("batch", shape[0]);
        session = environment.createSession(file.toString(), options);
        FloatBuffer values = ByteBuffer.allocateDirect(pixels.length * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
        values.put(pixels).flip();
        this.pixels = OnnxTensor.createTensor(environment, values, shape);
    }

    /**
     * ONNX Runtime itself. When it is made for the first time it searches this process's command line with a regular
     * expression that goes a few calls deeper with every character; our class path would overflow a usual stack.
     */
    private static OrtEnvironment environment() {
        Thread thread = new Thread(null, OrtEnvironment::getEnvironment, "onnx-runtime-start", STACK_BYTES);
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return OrtEnvironment.getEnvironment();
    }

    /** Logits of all pictures, one after the other. */
    float[] run() {
        try (OrtSession.Result result = session.run(Map.of(INPUT, pixels))) {
            FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] logits = new float[values.remaining()];
            values.get(logits);
            return logits;
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws OrtException {
        pixels.close();
        session.close();
        options.close();
    }
}
