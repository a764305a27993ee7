package dev.limbic.server.wire;

/** Hears what the wire does, for telemetry. Called on the threads that work; must be quick and must not throw. */
public interface WireObserver {
    /**
     * A request was answered, well or not.
     *
     * @param method such as {@code Analyze}
     * @param model name of a served model, or {@code unknown}
     * @param status name of the gRPC code, such as {@code OK}
     * @param nanos time from the decoded request to the answer
     */
    void answered(String method, String model, String status, long nanos);

    /** A stream was opened. */
    void streamOpened();

    /** A stream ended, for whatever reason. */
    void streamClosed();

    /** A defect answered a request with INTERNAL. */
    void defect(String method, Throwable cause);
}
