package dev.limbic.model;

import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.ops.cpu.CpuPrecisions;
import java.util.List;
import java.util.Set;

final class CpuSameTokensTest extends SameTokensContract {
    @Override
    Device open() {
        return new CpuDevice(2);
    }

    @Override
    Set<Precision> precisions() {
        return CpuPrecisions.all();
    }

    @Override
    List<String> models() {
        return List.of("gpt2", "llama", "qwen2", "mistral");
    }

    @Override
    boolean bitByBit() {
        return true;
    }
}
