package dev.limbic.server.pipeline;

/** Work that may still wait for the device. */
@FunctionalInterface
public interface Pending {
    /**
     * Withdraws the work, if it still waits.
     *
     * @return true if the receiver will not be called
     */
    boolean cancel();
}
