package dev.limbic.server.security;

/** Why somebody was not let in. */
public enum Refusal {
    /** There is no token, nor a certificate that stands for one. */
    NO_TOKEN("UNAUTHENTICATED"),
    /** What stands in the place of a token is none, or there are several. */
    MALFORMED_TOKEN("UNAUTHENTICATED"),
    /** Nobody has this token. */
    UNKNOWN_TOKEN("UNAUTHENTICATED"),
    /** There is no certificate, and every client needs one. */
    NO_CERTIFICATE("UNAUTHENTICATED"),
    /** The token of an open stream was taken back. */
    REMOVED_TOKEN("UNAUTHENTICATED"),
    /** The certificate is good, but its name stands for no client. */
    UNKNOWN_CERTIFICATE("PERMISSION_DENIED"),
    /** More calls per second than allowed. */
    CALLS("RESOURCE_EXHAUSTED"),
    /** More open streams than allowed. */
    STREAMS("RESOURCE_EXHAUSTED"),
    /** More tokens of text per second than allowed. */
    COST("RESOURCE_EXHAUSTED");

    private final String status;

    Refusal(String status) {
        this.status = status;
    }

    /** Name of the gRPC code that the caller sees. */
    public String status() {
        return status;
    }
}
