package dev.limbic.server.config;

/**
 * A value and where it stands.
 *
 * @param place such as {@code my.yaml:12}, {@code environment LIMBIC_GRPC_PORT} or {@code --port}
 */
record Setting(String value, String place) {}
