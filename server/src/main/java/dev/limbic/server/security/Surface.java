package dev.limbic.server.security;

/** What a call is for; all but the service itself can be left open to callers who do not say who they are. */
public enum Surface {
    /** The service itself. */
    SERVICE,
    /** Whether the server is well, over gRPC and HTTP. */
    HEALTH,
    /** Which services and messages there are. */
    REFLECTION,
    /** What was counted. */
    METRICS
}
