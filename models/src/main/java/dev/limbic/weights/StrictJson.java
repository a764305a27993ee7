package dev.limbic.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** JSON without leniency: a duplicate key, anything after the object, or deep nesting is an error. Thread-safe. */
final class StrictJson {
    /** Far above any real config.json or index; keeps a wrong file from filling the heap. */
    private static final long MAX_BYTES = 64L << 20;

    private static final int MAX_DEPTH = 32;

    static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // Keys come from untrusted files: keep them out of the process-wide tables.
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
            .build();

    private static final ObjectMapper MAPPER =
            new ObjectMapper(FACTORY).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private StrictJson() {}

    /**
     * The object in {@code file}.
     *
     * @throws WeightsException if the file cannot be read, is too large, or holds anything but one JSON object
     */
    static ObjectNode read(Path file) {
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw new WeightsException(
                        file + ": expected at most " + MAX_BYTES + " bytes of JSON, found " + size + " bytes");
            }
            JsonNode node = MAPPER.readTree(Files.readAllBytes(file));
            if (node instanceof ObjectNode object) {
                return object;
            }
            throw new WeightsException(file + ": expected a JSON object, found " + kind(node));
        } catch (JsonProcessingException e) {
            throw new WeightsException(file + ": not valid JSON: " + describe(e), e);
        } catch (IOException e) {
            throw new WeightsException(file + ": cannot be read: " + e, e);
        }
    }

    /** What went wrong and where, without Jackson's excerpt of the source. */
    static String describe(JsonProcessingException e) {
        var at = e.getLocation();
        return e.getOriginalMessage()
                + (at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")");
    }

    /** Such as {@code array} or {@code number 7}. */
    static String kind(JsonNode node) {
        String type = node.getNodeType().name().toLowerCase(java.util.Locale.ROOT);
        if (!node.isValueNode() || node.isNull() || node.isMissingNode()) {
            return type;
        }
        String text = node.asText();
        return type + " " + (text.length() <= 80 ? text : text.substring(0, 80) + "…");
    }
}
