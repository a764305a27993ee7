package dev.limbic.bench;

/** {@code limbic bench cpu}. */
public final class CpuBench {
    private CpuBench() {}

    /** Runs every measurement; exits 0 whether goals are met or not. */
    public static void main(String[] args) {
        int threads = Runtime.getRuntime().availableProcessors();
        new ForwardBench(threads).run();
    }
}
