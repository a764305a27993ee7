package dev.limbic.ops.cpu;

import dev.limbic.ops.Precision;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/** What tests can ask of this processor. */
public final class CpuPrecisions {
    private CpuPrecisions() {}

    /** Those of some that it has instructions for; f32 on all. */
    public static Set<Precision> of(Precision... wanted) {
        return Arrays.stream(wanted)
                .filter(OneDnn.instance()::multiplies)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Precision.class)));
    }

    /** Those of all. */
    public static Set<Precision> all() {
        return of(Precision.values());
    }
}
