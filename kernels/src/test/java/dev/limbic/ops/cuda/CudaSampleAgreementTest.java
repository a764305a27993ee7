package dev.limbic.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbic.ops.Device;
import dev.limbic.ops.LogitChanges;
import dev.limbic.ops.SampleRow;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Both devices choose the very same tokens from the same logits: a weight has the same bits on both. */
final class CudaSampleAgreementTest {
    private static final int VOCABULARY = 1500;
    private static final int ROWS = 120;

    private static float[] run(Device device, float[] logits, List<SampleRow> rows) {
        device.beginBatch();
        Tensor result = device.ops().sampling().sample(device.upload(logits, ROWS, VOCABULARY), rows);
        return device.download(result);
    }

    @Test
    void devicesChooseTheSameTokens() {
        TestDevice.require();
        Random random = new Random(5);
        float[] logits = new float[ROWS * VOCABULARY];
        List<SampleRow> rows = new ArrayList<>();
        for (int r = 0; r < ROWS; r++) {
            for (int id = 0; id < VOCABULARY; id++) {
                logits[r * VOCABULARY + id] = (float) random.nextGaussian() * (1 + r % 4);
            }
            rows.add(new SampleRow(
                    0.3f + random.nextFloat(),
                    r % 3 == 0 ? 200 : 0,
                    r % 2 == 0 ? 0.2f + 0.7f * random.nextFloat() : 1,
                    r % 5 == 0 ? 0.01f : 0,
                    random.nextDouble(),
                    r % 4,
                    LogitChanges.NONE));
        }
        float[] cuda;
        try (Device device = TestDevice.open(true)) {
            cuda = run(device, logits, rows);
        }
        float[] cpu;
        try (Device device = new CpuDevice(2)) {
            cpu = run(device, logits, rows);
        }
        int columns = cpu.length / ROWS;
        for (int i = 0; i < cpu.length; i++) {
            int column = i % columns;
            boolean logProbability = column == SampleRow.LOG_PROBABILITY || column >= columns - 3;
            assertThat(cuda[i])
                    .as("row %d, column %d", i / columns, column)
                    .isEqualTo(cpu[i], within(logProbability ? 1e-5f : 0f));
        }
        TestDevice.assertClean();
    }
}
