package dev.limbic.bench;

import dev.limbic.generate.Step;
import dev.limbic.model.Decoder;
import dev.limbic.model.Kinds;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cuda.CudaDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** Steps of a decoder of GPT-2 small's shape in f16 on a CUDA chip: from ids on the host to chosen tokens on the host. */
final class GpuDecode {
    private static final long CACHE_BYTES = 1L << 30;
    private static final int CONTEXT = 64;
    private static final int PROMPT = 512;
    private static final int ROUNDS = 200;

    private GpuDecode() {}

    /** Writes the figures into the report. */
    static void run(CudaDevice device, Path folder, GpuReport report) throws IOException {
        RandomGpt2.write(folder);
        Random random = new Random(6);
        try (Decoder decoder =
                Kinds.LANGUAGE.decoder(folder, device, Precision.F16, DecodeBench.BLOCK_TOKENS, CACHE_BYTES)) {
            for (int sequences : new int[] {1, 8, 64}) {
                double seconds = median(decoder, DecodeBench.step(random, sequences, CONTEXT, 1));
                report.figure("limbic decode of " + sequences + ", step", seconds * 1e3, "ms");
                report.figure("limbic decode of " + sequences, sequences / seconds, "tokens/s");
            }
            double prefill = median(decoder, DecodeBench.step(random, 1, 0, PROMPT));
            report.figure("limbic prefill of " + PROMPT, PROMPT / prefill, "tokens/s");
        }
    }

    private static double median(Decoder decoder, Step step) {
        double[] seconds = new double[ROUNDS];
        for (int round = -ROUNDS / 4; round < ROUNDS; round++) {
            double taken = DecodeBench.seconds(decoder, step);
            if (round >= 0) {
                seconds[round] = taken;
            }
        }
        Arrays.sort(seconds);
        return seconds[ROUNDS / 2];
    }
}
