package dev.limbic.server.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/** How commands print data. A class of its own, so that those that print none do not wait for the library. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {}

    /** The data, on one line. */
    static String line(Object data) throws JsonProcessingException {
        return MAPPER.writeValueAsString(data);
    }
}
