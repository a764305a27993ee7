package dev.limbic.preprocess.jinja;

import java.util.HashMap;
import java.util.Map;

/** The only value that can be changed: what a template carries from one turn of a loop to the next. Equal to itself. */
final class Namespace {
    private final Map<String, Object> attributes = new HashMap<>();

    Object get(String name) {
        Object value = attributes.get(name);
        return value == null ? new Undefined(name) : value;
    }

    void set(String name, Object value) {
        attributes.put(name, value);
    }
}
