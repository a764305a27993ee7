package dev.limbic.domain;

/**
 * What of a client's event comes back with all that it causes.
 *
 * @param id the client's name for it; may be empty
 * @param clientMicros the client's own clock, in microseconds since whatever it likes
 * @param subject which person or character it is about; empty where there is only one
 */
public record Cause(String id, long clientMicros, String subject) {
    /** Of what no readable event caused. */
    public static final Cause NONE = new Cause("", 0, "");

    /** Who somebody is may be private. */
    @Override
    public String toString() {
        return "Cause[id=" + id + "]";
    }
}
