package dev.limbic.generate;

import dev.limbic.model.DeviceSampler;
import dev.limbic.ops.cpu.CpuDevice;
import java.util.List;

/** Choices from logits on the host, for models that are none: what they are made of is that of real ones. */
final class HostSampler {
    private static final CpuDevice DEVICE = new CpuDevice(1);

    private HostSampler() {}

    /** @param logits [S, V] */
    static List<Choice> choose(float[] logits, int vocabulary, List<NextToken> nextTokens) {
        synchronized (DEVICE) {
            DEVICE.beginBatch();
            return DeviceSampler.choose(DEVICE, DEVICE.upload(logits, nextTokens.size(), vocabulary), nextTokens);
        }
    }
}
