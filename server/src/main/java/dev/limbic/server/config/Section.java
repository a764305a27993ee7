package dev.limbic.server.config;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A mapping of the configuration while it is read. Keys that are asked for are thereby valid; {@link #finish} reports
 * the others. Problems are collected, so that one start shows them all; a value with a problem reads as a harmless one.
 */
final class Section {
    private final String path;
    private final YamlFile file;
    private final @Nullable MappingNode mapping;
    private final @Nullable Section fallback;
    private final Map<String, Setting> overrides;
    private final List<String> problems;
    private final Set<String> asked = new LinkedHashSet<>();

    /**
     * @param path of this section with a dot at its end, empty for the root
     * @param fallback the same section with defaults
     * @param overrides values by full key, which take precedence
     */
    Section(
            String path,
            YamlFile file,
            @Nullable MappingNode mapping,
            @Nullable Section fallback,
            Map<String, Setting> overrides,
            List<String> problems) {
        this.path = path;
        this.file = file;
        this.mapping = mapping;
        this.fallback = fallback;
        this.overrides = overrides;
        this.problems = problems;
    }

    String fileName() {
        return file.name();
    }

    /** Full keys that were asked for here. */
    List<String> askedKeys() {
        return asked.stream().map(key -> path + key).toList();
    }

    Section section(String key) {
        asked.add(key);
        Section inner = fallback == null ? null : fallback.section(key);
        Node node = YamlFile.child(mapping, key);
        if (node != null && !(node instanceof MappingNode)) {
            problems.add(file.place(node) + ": '" + path + key + "' must hold keys, indented below it");
        }
        MappingNode innerMapping = node instanceof MappingNode found ? found : null;
        return new Section(path + key + ".", file, innerMapping, inner, overrides, problems);
    }

    /** The mappings of a list with at least one; from the fallback when the key is missing here. */
    List<Section> list(String key) {
        Node node = child(key);
        List<Section> entries = listOrEmpty(key);
        if (node instanceof SequenceNode sequence && sequence.getValue().isEmpty()) {
            problems.add(file.place(node) + ": '" + path + key + "' must be a list with at least one entry");
        }
        return entries;
    }

    /** The mappings of a list; from the fallback when the key is missing here. */
    List<Section> listOrEmpty(String key) {
        Node node = child(key);
        if (node == null) {
            return fallback == null ? List.of() : fallback.listOrEmpty(key);
        }
        List<Section> entries = new ArrayList<>();
        for (Node entry : entries(key, node)) {
            if (entry instanceof MappingNode found) {
                entries.add(new Section(path + key + "[].", file, found, null, Map.of(), problems));
            } else {
                problems.add(file.place(entry) + ": each entry of '" + path + key + "' must hold keys");
            }
        }
        return entries;
    }

    /** Lines of text, at least one. */
    List<String> texts(String key, int most) {
        Node node = child(key);
        List<String> texts = new ArrayList<>();
        for (Node entry : node == null ? List.<Node>of() : entries(key, node)) {
            if (entry instanceof ScalarNode scalar && !scalar.getValue().isBlank()) {
                texts.add(scalar.getValue());
            } else {
                problems.add(file.place(entry) + ": each entry of '" + path + key + "' must be a line of text");
            }
        }
        if (texts.isEmpty() || texts.size() > most) {
            Node place = node != null ? node : mapping;
            problems.add("%s: '%s%s' must be a list of 1 to %d lines"
                    .formatted(place == null ? file.name() : file.place(place), path, key, most));
        }
        return texts;
    }

    private @Nullable Node child(String key) {
        asked.add(key);
        return YamlFile.child(mapping, key);
    }

    private List<Node> entries(String key, Node node) {
        if (node instanceof SequenceNode sequence) {
            return sequence.getValue();
        }
        problems.add(file.place(node) + ": '" + path + key + "' must be a list");
        return List.of();
    }

    /** The value and its place; null if it stands nowhere. */
    @Nullable
    Setting find(String key) {
        asked.add(key);
        Setting override = overrides.get(path + key);
        if (override != null) {
            return override;
        }
        Node node = YamlFile.child(mapping, key);
        if (node instanceof ScalarNode scalar) {
            return new Setting(scalar.getValue(), file.place(node));
        }
        if (node != null) {
            problems.add(file.place(node) + ": '" + path + key + "' must be a single value");
        }
        return fallback == null ? null : fallback.find(key);
    }

    /** A value that must not be missing. */
    Setting require(String key) {
        Setting found = find(key);
        if (found == null || found.value().isBlank()) {
            String place = found != null ? found.place() : mapping != null ? file.place(mapping) : file.name();
            problems.add(place + ": '" + path + key + "' is missing");
            return new Setting("", place);
        }
        return found;
    }

    String text(String key) {
        return require(key).value();
    }

    String textOr(String key, String absent) {
        Setting found = find(key);
        return found == null ? absent : found.value();
    }

    /** A number from 0 to 1. */
    double fraction(String key) {
        return decimal(key, 0, 1);
    }

    double decimal(String key, double least, double most) {
        Setting setting = require(key);
        try {
            double value = setting.value().isEmpty() ? least : Double.parseDouble(setting.value());
            if (value >= least && value <= most) {
                return value;
            }
            complain(key, setting, "is out of range; %s to %s is valid".formatted(plain(least), plain(most)));
        } catch (NumberFormatException e) {
            complain(key, setting, "is not a number");
        }
        return least;
    }

    private static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    int integer(String key, int least, int most) {
        return (int) number(key, least, most, text -> {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("is not a whole number", e);
            }
        });
    }

    int integerOr(String key, int absent, int least, int most) {
        return find(key) == null ? absent : integer(key, least, most);
    }

    int bytes(String key, int least, int most) {
        return (int) number(key, least, most, Units::bytes);
    }

    long memory(String key, long least, long most) {
        return number(key, least, most, Units::bytes);
    }

    long memoryOr(String key, long absent, long least, long most) {
        return find(key) == null ? absent : memory(key, least, most);
    }

    private long number(String key, long least, long most, java.util.function.ToLongFunction<String> parser) {
        Setting setting = require(key);
        if (setting.value().isEmpty()) {
            return least;
        }
        try {
            long value = parser.applyAsLong(setting.value());
            if (value >= least && value <= most) {
                return value;
            }
            complain(key, setting, "is out of range; %d to %d is valid".formatted(least, most));
        } catch (IllegalArgumentException | ArithmeticException e) {
            complain(key, setting, String.valueOf(e.getMessage()));
        }
        return least;
    }

    Duration duration(String key, Duration least, Duration most) {
        Setting setting = require(key);
        if (setting.value().isEmpty()) {
            return least;
        }
        try {
            Duration value = Units.duration(setting.value());
            if (value.compareTo(least) >= 0 && value.compareTo(most) <= 0) {
                return value;
            }
            complain(key, setting, "is out of range; at most %d s is valid".formatted(most.toSeconds()));
        } catch (IllegalArgumentException | ArithmeticException e) {
            complain(key, setting, String.valueOf(e.getMessage()));
        }
        return least;
    }

    boolean flag(String key) {
        Setting setting = find(key);
        if (setting == null || setting.value().equals("false")) {
            return false;
        }
        if (!setting.value().equals("true")) {
            complain(key, setting, "is neither true nor false");
        }
        return true;
    }

    /** One of an enum's names in lower case; the first one if the key is missing. */
    <E extends Enum<E>> E choice(String key, Class<E> type) {
        Setting setting = find(key);
        return setting == null ? type.getEnumConstants()[0] : choice(key, type, setting);
    }

    /** One of an enum's names in lower case. */
    <E extends Enum<E>> E requireChoice(String key, Class<E> type) {
        Setting setting = require(key);
        return setting.value().isEmpty() ? type.getEnumConstants()[0] : choice(key, type, setting);
    }

    private <E extends Enum<E>> E choice(String key, Class<E> type, Setting setting) {
        E[] values = type.getEnumConstants();
        List<String> names = Arrays.stream(values)
                .map(value -> value.name().toLowerCase(Locale.ROOT))
                .toList();
        int index = names.indexOf(setting.value());
        if (index < 0) {
            complain(key, setting, "is not valid" + Nearest.hint(setting.value(), names));
            return values[0];
        }
        return values[index];
    }

    void complain(String key, Setting setting, String what) {
        problems.add("%s: %s%s: '%s' %s".formatted(setting.place(), path, key, setting.value(), what));
    }

    /** Reports keys that nobody asked for and keys that stand twice. */
    void finish() {
        if (mapping == null) {
            return;
        }
        Set<String> seen = new LinkedHashSet<>();
        for (NodeTuple tuple : mapping.getValue()) {
            String place = file.place(tuple.getKeyNode());
            String key = tuple.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "?";
            if (!asked.contains(key)) {
                problems.add(place + ": unknown key '" + path + key + "'" + Nearest.hint(key, asked));
            } else if (!seen.add(key)) {
                problems.add(place + ": key '" + path + key + "' stands twice");
            }
        }
    }
}
