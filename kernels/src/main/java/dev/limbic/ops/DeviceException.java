package dev.limbic.ops;

/** A device failed, not its caller. The message names the call and the status it gave. */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What a caller can do about it. */
    public enum Kind {
        /** The device has no memory left for this batch; a smaller one may fit. */
        OUT_OF_MEMORY,
        /** The device or its context is lost; everything on it must be built anew. */
        LOST,
        /** Something that is needed is not there: a driver, a library, a chip that is new enough. */
        MISSING,
        /** A defect: the call was refused. */
        REFUSED
    }

    private final Kind kind;

    public DeviceException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public DeviceException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
