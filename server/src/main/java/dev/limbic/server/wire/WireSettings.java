package dev.limbic.server.wire;

import java.time.Duration;

/**
 * How the gRPC side listens and what it accepts.
 *
 * @param port 0 for any free one
 * @param maxConnections open connections; more are closed at once
 * @param maxTextBytes longest text, in bytes of UTF-8
 * @param maxImageBytes longest picture, in bytes as it is sent
 * @param maxMessageBytes longest request message, a picture in it not counted
 * @param maxInFlightPerStream unanswered requests before the server stops reading a stream
 * @param maxCalls open calls in the whole server; more are refused
 * @param maxCallsPerConnection open calls on one connection; a client waits with more
 * @param maxBytesInFlight most that all calls hold together: messages, what waits to be sent, what conversations remember
 * @param keepAlive silence after which a connection is probed, so that a vanished client frees what it held
 * @param maxFramesPerSecond frames of a subject of a stream; more are dropped
 * @param maxSubjectsPerStream subjects of a stream at a time
 */
public record WireSettings(
        String host,
        int port,
        int maxConnections,
        int maxTextBytes,
        int maxImageBytes,
        int maxMessageBytes,
        int maxInFlightPerStream,
        int maxCalls,
        int maxCallsPerConnection,
        long maxBytesInFlight,
        Duration keepAlive,
        double maxFramesPerSecond,
        int maxSubjectsPerStream) {
    /** Longest message of any kind; gRPC reads no longer one, and ends its call. */
    int longestMessage() {
        return maxMessageBytes + maxImageBytes;
    }
}
