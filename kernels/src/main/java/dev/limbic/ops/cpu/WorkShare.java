package dev.limbic.ops.cpu;

/**
 * In how many parts some work is best done.
 *
 * @param threads that are worth it
 * @param parts of the work
 */
record WorkShare(int threads, int parts) {
    /** Work of less is not worth waking another thread for. */
    private static final double SMALL_SECONDS = 5e-6;

    /** Work of more is cut once more, so that a thread which is held up holds up the others less. */
    private static final double LARGE_SECONDS = 100e-6;

    static WorkShare of(int threads, double seconds) {
        int worth = seconds < SMALL_SECONDS ? 1 : threads;
        return new WorkShare(worth, worth > 1 && seconds > LARGE_SECONDS * worth ? 2 * worth : worth);
    }
}
