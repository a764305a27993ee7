package dev.limbic.server.config;

import java.util.List;

/** A configuration that cannot be used. The message has one line per problem, each with its place. */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    public ConfigException(List<String> problems) {
        super(String.join(System.lineSeparator(), problems));
    }
}
