package dev.limbic.weights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The names of a classifier's outputs: {@code id2label}, {@code label2id} and {@code num_labels} of one configuration. */
final class Labels {
    private static final Pattern ID = Pattern.compile("0|[1-9][0-9]{0,6}");
    private static final Pattern USUAL = Pattern.compile("LABEL_[0-9]+");

    /** What transformers takes where a configuration says nothing of labels. */
    private static final int USUAL_COUNT = 2;

    private static final int MAX_COUNT = 1 << 20;

    private final HfConfig config;

    Labels(HfConfig config) {
        this.config = config;
    }

    /** See {@link HfConfig#labels}. */
    List<String> names() {
        Optional<HfConfig> label2id =
                config.section("label2id").filter(back -> !back.keys().isEmpty());
        int unnamed = label2id.map(back -> back.keys().size()).orElse(USUAL_COUNT);
        List<String> labels = config.section("id2label")
                .map(this::byId)
                .orElseGet(() -> usual(config.intOr("num_labels", unnamed, 1, MAX_COUNT)));
        int count = labels.size();
        int stated = config.intOr("num_labels", count, 0, Integer.MAX_VALUE);
        if (stated != count) {
            throw config.unexpected("num_labels", count + " as in id2label", "number " + stated);
        }
        // Whoever renames only one of the two leaves the other as transformers wrote it.
        if (label2id.isEmpty()
                || label2id.get().keys().stream()
                        .allMatch(label -> USUAL.matcher(label).matches())) {
            return labels;
        }
        if (labels.equals(usual(count))) {
            return backwards(label2id.get(), count);
        }
        requireAgreement(labels, label2id.get());
        return labels;
    }

    private List<String> byId(HfConfig id2label) {
        int count = id2label.keys().size();
        if (count == 0) {
            throw config.unexpected("id2label", "at least one label", "none");
        }
        @Nullable String[] byId = new String[count];
        for (String key : id2label.keys()) {
            if (!ID.matcher(key).matches() || Integer.parseInt(key) >= count) {
                throw config.unexpected("id2label", "the ids 0…" + (count - 1) + " without gaps", "'" + key + "'");
            }
            JsonNode label = id2label.required(key, "a string");
            byId[Integer.parseInt(key)] = label.isIntegralNumber() ? label.asText() : id2label.string(key, label);
        }
        return different("id2label", byId);
    }

    /** The labels of {@code label2id} by their ids, which must be 0…count-1. */
    private List<String> backwards(HfConfig label2id, int count) {
        @Nullable String[] byId = new String[count];
        for (String label : label2id.keys()) {
            String id = label2id.required(label, "an id").asText();
            boolean fits = ID.matcher(id).matches() && Integer.parseInt(id) < count;
            if (!fits || byId[Integer.parseInt(id)] != null || label2id.keys().size() != count) {
                throw config.unexpected(
                        "label2id",
                        "each id of 0…" + (count - 1) + " once",
                        "'" + label + "': " + id + " among " + label2id.keys().size() + " labels");
            }
            byId[Integer.parseInt(id)] = label;
        }
        return different("label2id", byId);
    }

    /** All places are filled, as keys were distinct, canonical and below the count. */
    private List<String> different(String key, @Nullable String[] byId) {
        Set<String> labels = new LinkedHashSet<>();
        for (String label : byId) {
            if (!labels.add(Objects.requireNonNull(label))) {
                throw config.unexpected(key, "different labels", "'" + label + "' twice");
            }
        }
        return List.copyOf(labels);
    }

    private static List<String> usual(int count) {
        return IntStream.range(0, count).mapToObj(i -> "LABEL_" + i).toList();
    }

    private void requireAgreement(List<String> labels, HfConfig label2id) {
        int count = labels.size();
        if (label2id.keys().size() != count) {
            throw config.unexpected(
                    "label2id",
                    count + " labels as in id2label",
                    label2id.keys().size() + "");
        }
        for (int id = 0; id < count; id++) {
            JsonNode back = label2id.found(labels.get(id));
            if (back == null || !back.asText().equals(Integer.toString(id))) {
                throw config.unexpected(
                        "label2id",
                        "'" + labels.get(id) + "': " + id + " as in id2label",
                        back == null ? "nothing" : StrictJson.kind(back));
            }
        }
    }
}
