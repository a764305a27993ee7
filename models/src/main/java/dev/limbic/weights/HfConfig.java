package dev.limbic.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One JSON object of a model folder, read key by key. A key that is absent and one that is {@code null} are the same, as
 * transformers writes both. Each getter throws {@link WeightsException} with file, key, expected and found. Immutable
 * and thread-safe.
 */
public final class HfConfig {
    /** Far beyond any logit; sums of many are finite. */
    private static final double MAX_BIAS = 1e30;

    private final String file;
    private final String prefix;
    private final ObjectNode json;

    HfConfig(String file, String prefix, ObjectNode json) {
        this.file = file;
        this.prefix = prefix;
        this.json = json;
    }

    /** Whether the key is there and not null. */
    public boolean has(String key) {
        return found(key) != null;
    }

    /** Whether the key is there, even if it is null: a few keys have a default that only null takes away. */
    public boolean declares(String key) {
        return json.has(key);
    }

    /** All keys, in file order. */
    public Set<String> keys() {
        Set<String> keys = new LinkedHashSet<>();
        json.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    /** The object at {@code key}, if there is one. */
    public Optional<HfConfig> section(String key) {
        JsonNode node = found(key);
        if (node == null) {
            return Optional.empty();
        }
        if (node instanceof ObjectNode object) {
            return Optional.of(new HfConfig(file, prefix + key + ".", object));
        }
        throw unexpected(key, "an object", StrictJson.kind(node));
    }

    /** A whole number in {@code min…max}. */
    public int requireInt(String key, int min, int max) {
        return integer(key, required(key, "an integer in " + min + "…" + max), min, max);
    }

    /** A whole number in {@code min…max}, or {@code absent} when the key is not there. */
    public int intOr(String key, int absent, int min, int max) {
        JsonNode node = found(key);
        return node == null ? absent : integer(key, node, min, max);
    }

    /** Whole numbers in {@code min…max}, from a list or a single one; none when the key is not there. */
    public List<Integer> intsOr(String key, int min, int max) {
        JsonNode node = found(key);
        if (node == null) {
            return List.of();
        }
        List<Integer> values = new ArrayList<>();
        if (node instanceof ArrayNode array) {
            array.forEach(each -> values.add(integer(key, each, min, max)));
        } else {
            values.add(integer(key, node, min, max));
        }
        return List.copyOf(values);
    }

    /** At least one whole number in {@code min…max}, from a list or a single one. */
    public int[] requireInts(String key, int min, int max) {
        List<Integer> values = intsOr(key, min, max);
        if (values.isEmpty()) {
            throw unexpected(key, "integers in " + min + "…" + max, has(key) ? "an empty array" : "nothing");
        }
        return values.stream().mapToInt(each -> each).toArray();
    }

    /** At least one whole number in {@code min…max}, from a list or a single one; {@code absent} when the key is not there. */
    public int[] intsOr(String key, int[] absent, int min, int max) {
        return has(key) ? requireInts(key, min, max) : absent;
    }

    /** Height and width in {@code 1…max}, from a list of both or one number for both. */
    public int[] sidesOr(String key, int absent, int max) {
        int[] sides = intsOr(key, new int[] {absent}, 1, max);
        if (sides.length > 2) {
            throw unexpected(key, "height and width", sides.length + " numbers");
        }
        return new int[] {sides[0], sides[sides.length - 1]};
    }

    /** Strings, from a list or a single one; none when the key is not there. */
    public List<String> stringsOr(String key) {
        JsonNode node = found(key);
        if (node != null && node.isTextual()) {
            return List.of(node.textValue());
        }
        List<String> values = new ArrayList<>();
        arrayOr(key).forEach(each -> values.add(string(key, each)));
        return List.copyOf(values);
    }

    /** Lists of at least one whole number in {@code min…max} each; none when the key is not there. */
    public List<List<Integer>> intListsOr(String key, int min, int max) {
        List<List<Integer>> lists = new ArrayList<>();
        for (JsonNode each : arrayOr(key)) {
            lists.add(integers(key, each, min, max));
        }
        return List.copyOf(lists);
    }

    /**
     * Numbers by lists of whole numbers, written as {@code [[[1, 2], 0.5], …]}, in file order; none when the key is not
     * there.
     */
    public Map<List<Integer>, Double> doublesByListOr(String key, int min, int max) {
        Map<List<Integer>, Double> numbers = new LinkedHashMap<>();
        for (JsonNode each : arrayOr(key)) {
            if (!(each instanceof ArrayNode pair)
                    || pair.size() != 2
                    || !pair.get(1).isNumber()
                    || !(Math.abs(pair.get(1).doubleValue()) <= MAX_BIAS)) {
                throw unexpected(key, "a list of [[integers], number]", StrictJson.kind(each));
            }
            numbers.put(integers(key, pair.get(0), min, max), pair.get(1).doubleValue());
        }
        return numbers;
    }

    private ArrayNode arrayOr(String key) {
        return switch (found(key)) {
            case null -> JsonNodeFactory.instance.arrayNode();
            case ArrayNode array -> array;
            case JsonNode other -> throw unexpected(key, "a list", StrictJson.kind(other));
        };
    }

    private List<Integer> integers(String key, JsonNode node, int min, int max) {
        if (!(node instanceof ArrayNode array) || array.isEmpty()) {
            throw unexpected(key, "lists of at least one integer", StrictJson.kind(node));
        }
        List<Integer> values = new ArrayList<>();
        array.forEach(each -> values.add(integer(key, each, min, max)));
        return List.copyOf(values);
    }

    /** A finite number in {@code min…max}, or {@code absent} when the key is not there. */
    public double doubleOr(String key, double absent, double min, double max) {
        JsonNode node = found(key);
        return node == null ? absent : number(key, node, min, max);
    }

    /** A list of finite numbers in {@code min…max}. */
    public List<Double> requireDoubles(String key, double min, double max) {
        JsonNode node = required(key, "a list of numbers");
        if (!(node instanceof ArrayNode array)) {
            throw unexpected(key, "a list of numbers", StrictJson.kind(node));
        }
        List<Double> values = new ArrayList<>();
        array.forEach(each -> values.add(number(key, each, min, max)));
        return List.copyOf(values);
    }

    /** At least one list of finite numbers in {@code min…max}. */
    public List<List<Double>> requireDoubleLists(String key, double min, double max) {
        List<List<Double>> lists = new ArrayList<>();
        for (JsonNode each : arrayOr(key)) {
            List<Double> numbers = new ArrayList<>();
            each.forEach(number -> numbers.add(number(key, number, min, max)));
            lists.add(List.copyOf(numbers));
        }
        if (lists.isEmpty()) {
            throw unexpected(key, "lists of numbers in " + min + "…" + max, has(key) ? "none" : "nothing");
        }
        return List.copyOf(lists);
    }

    /** A finite number in {@code min…max}. */
    public double requireDouble(String key, double min, double max) {
        required(key, "a number in " + min + "…" + max);
        return doubleOr(key, min, min, max);
    }

    /** True or false, or {@code absent} when the key is not there. */
    public boolean booleanOr(String key, boolean absent) {
        JsonNode node = found(key);
        if (node == null) {
            return absent;
        }
        if (!node.isBoolean()) {
            throw unexpected(key, "true or false", StrictJson.kind(node));
        }
        return node.booleanValue();
    }

    /** Any string. */
    public String requireString(String key) {
        return string(key, required(key, "a string"));
    }

    /** Any string, or {@code absent} when the key is not there. */
    public String stringOr(String key, String absent) {
        JsonNode node = found(key);
        return node == null ? absent : string(key, node);
    }

    /** One of the supported strings. */
    public String requireOneOf(String key, String... supported) {
        return oneOf(key, string(key, required(key, anyOf(supported))), supported);
    }

    /** One of the supported strings, or {@code absent} when the key is not there. */
    public String oneOfOr(String key, String absent, String... supported) {
        JsonNode node = found(key);
        return node == null ? absent : oneOf(key, string(key, node), supported);
    }

    /** A list of strings, at least one. */
    public List<String> requireStrings(String key) {
        JsonNode node = required(key, "a list of strings");
        if (!(node instanceof ArrayNode array) || array.isEmpty()) {
            throw unexpected(key, "a list of at least one string", StrictJson.kind(node));
        }
        List<String> values = new ArrayList<>();
        array.forEach(e -> values.add(string(key, e)));
        return List.copyOf(values);
    }

    /** The class name of the model, the only entry of {@code architectures}. */
    public String architecture() {
        List<String> all = requireStrings("architectures");
        if (all.size() != 1) {
            throw unexpected("architectures", "one class name", all.toString());
        }
        return all.getFirst();
    }

    /** The error for an architecture that is not among the supported ones, with the nearest of them. */
    public WeightsException unknownArchitecture(Set<String> supported) {
        String found = architecture();
        return unexpected(
                "architectures",
                "one of " + String.join(", ", supported),
                "'" + found + "'; nearest: '" + Nearest.relative(found, supported) + "'");
    }

    /**
     * Names of the outputs in id order, [L], as transformers knows them: {@code id2label} in any order of keys, else {@code
     * LABEL_0}, {@code LABEL_1}, … as many as {@code num_labels} says or two. Where only {@code label2id} has real names,
     * those.
     *
     * @throws WeightsException if ids have gaps, labels repeat, or {@code label2id} or {@code num_labels} disagree
     */
    public List<String> labels() {
        return new Labels(this).names();
    }

    /** What a classifier's outputs are. */
    public enum ProblemType {
        /** Exclusive labels: softmax. */
        SINGLE_LABEL,
        /** Independent labels: sigmoid of each. */
        MULTI_LABEL,
        /** Numbers, as they are. */
        REGRESSION
    }

    /**
     * What the outputs are, by {@code problem_type}, as transformers' pipeline for text classification has it: one label
     * alone is independent, and several without the key are exclusive.
     *
     * @param labels how many outputs there are
     */
    public ProblemType problemType(int labels) {
        String exclusive = "single_label_classification";
        String independent = "multi_label_classification";
        String regression = "regression";
        return switch (oneOfOr("problem_type", "", exclusive, independent, regression)) {
            case "regression" -> ProblemType.REGRESSION;
            case "multi_label_classification" -> ProblemType.MULTI_LABEL;
            default -> labels == 1 ? ProblemType.MULTI_LABEL : ProblemType.SINGLE_LABEL;
        };
    }

    /** The error for a value that is valid but not supported here. */
    public WeightsException unsupported(String key, String... supported) {
        JsonNode node = found(key);
        return unexpected(key, anyOf(supported), node == null ? "nothing" : StrictJson.kind(node));
    }

    /** The error for a value that breaks a rule stated as {@code expected}. */
    public WeightsException unexpected(String key, String expected, String found) {
        return new WeightsException(file + ": key '" + prefix + key + "': expected " + expected + ", found " + found);
    }

    @Nullable
    JsonNode found(String key) {
        JsonNode node = json.get(key);
        return node == null || node.isNull() ? null : node;
    }

    JsonNode required(String key, String expected) {
        JsonNode node = found(key);
        if (node == null) {
            throw unexpected(key, expected, "nothing" + Nearest.hint(key, keys()));
        }
        return node;
    }

    private int integer(String key, JsonNode node, int min, int max) {
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < min || node.intValue() > max) {
            throw unexpected(key, "an integer in " + min + "…" + max, StrictJson.kind(node));
        }
        return node.intValue();
    }

    private double number(String key, JsonNode node, double min, double max) {
        double value = node.isNumber() ? node.doubleValue() : Double.NaN;
        if (!(value >= min && value <= max)) {
            throw unexpected(key, range(min, max), StrictJson.kind(node));
        }
        return value;
    }

    String string(String key, JsonNode node) {
        if (!node.isTextual()) {
            throw unexpected(key, "a string", StrictJson.kind(node));
        }
        return node.textValue();
    }

    private String oneOf(String key, String value, String... supported) {
        if (!List.of(supported).contains(value)) {
            throw unexpected(key, anyOf(supported), "'" + value + "'");
        }
        return value;
    }

    /** As a person writes it; the smallest number above 0 is how code says "above 0". */
    private static String range(double min, double max) {
        return min == Double.MIN_VALUE || min == Float.MIN_VALUE
                ? "a number above 0, at most " + plain(max)
                : "a number in " + plain(min) + "…" + plain(max);
    }

    private static String plain(double bound) {
        return bound == Math.rint(bound) && Math.abs(bound) < 1e15
                ? Long.toString((long) bound)
                : Double.toString(bound);
    }

    private static String anyOf(String... supported) {
        return "one of " + String.join(", ", supported);
    }
}
