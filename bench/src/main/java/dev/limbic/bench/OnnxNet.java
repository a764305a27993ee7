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
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
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
