package dev.limbic.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The text and JSON files of a model folder, without leniency: other encodings than UTF-8, a duplicate key, anything after
 * the object, deep nesting, or half a character is an error. Thread-safe.
 */
public final class StrictJson {
    /** Twice the largest tokenizer.json in use; keeps a wrong file from filling the heap. */
    public static final long MAX_BYTES = 64L << 20;

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
    public static ObjectNode read(Path file) {
        try {
            JsonNode node = MAPPER.readTree(text(file, MAX_BYTES));
            if (node instanceof ObjectNode object) {
                requireSound(file, null, object);
                return object;
            }
            throw new WeightsException(file + ": expected a JSON object, found " + kind(node));
        } catch (JsonProcessingException e) {
            throw new WeightsException(file + ": not valid JSON: " + describe(e), e);
        }
    }

    /**
     * The text in {@code file}, in UTF-8.
     *
     * @throws WeightsException if the file cannot be read, has more than {@code maxBytes}, or is a Git LFS pointer
     */
    public static String text(Path file, long maxBytes) {
        try {
            long size = Files.size(file);
            if (size > maxBytes) {
                throw new WeightsException(file + ": expected at most " + maxBytes + " bytes, found " + size);
            }
            String text = Files.readString(file, StandardCharsets.UTF_8);
            if (FolderHints.isLfsPointer(text)) {
                throw FolderHints.lfsPointer(file);
            }
            return text;
        } catch (IOException e) {
            throw new WeightsException(file + ": cannot be read: " + reason(e), e);
        }
    }

    /** Where in a file something lies: put into words only when it is wrong. */
    private record Place(@Nullable Place above, @Nullable String key, int index) {
        @Override
        public String toString() {
            String before = above == null ? "" : above.toString();
            if (key == null) {
                return before + "[" + index + "]";
            }
            return before.isEmpty() ? key : before + "." + key;
        }
    }

    /** JSON can write half a character, which has no UTF-8 form, and numbers beyond all; native code expects neither. */
    private static void requireSound(Path file, @Nullable Place at, JsonNode node) {
        if (node.isTextual()) {
            requireWhole(file, at, node.textValue());
        }
        if (node.isDouble() && !Double.isFinite(node.doubleValue())) {
            throw new WeightsException(file + ": " + key(at) + "expected a finite number, found " + kind(node));
        }
        for (int i = 0; node.isArray() && i < node.size(); i++) {
            requireSound(file, new Place(at, null, i), node.get(i));
        }
        node.properties().forEach(entry -> {
            requireWhole(file, at, entry.getKey());
            requireSound(file, new Place(at, entry.getKey(), 0), entry.getValue());
        });
    }

    private static void requireWhole(Path file, @Nullable Place at, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
                    throw new WeightsException(file + ": " + key(at) + "expected text, found a lone surrogate");
                }
                return;
            }
        }
    }

    private static String key(@Nullable Place at) {
        return at == null ? "" : "key '" + at + "': ";
    }

    /** Why a file cannot be read, in words. */
    public static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "there is no such file";
            case AccessDeniedException _ -> "permission denied";
            case CharacterCodingException _ -> "it is not UTF-8";
            default -> e.getMessage() == null ? "input or output failed" : e.getMessage();
        };
    }

    /** What went wrong and where, without Jackson's excerpt of the source. */
    static String describe(JsonProcessingException e) {
        var at = e.getLocation();
        String problem = e instanceof StreamConstraintsException
                ? "expected at most " + MAX_DEPTH + " levels of nesting and no endless name, text or number, found more"
                : e.getOriginalMessage();
        return problem + (at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")");
    }

    /** Such as {@code array} or {@code number 7}. */
    public static String kind(JsonNode node) {
        String type = node.getNodeType().name().toLowerCase(Locale.ROOT);
        if (!node.isValueNode() || node.isNull() || node.isMissingNode()) {
            return type;
        }
        String text = node.asText();
        return type + " " + (text.length() <= 80 ? text : text.substring(0, 80) + "…");
    }
}
