package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The list {@code added_tokens} of a tokenizer.json. */
final class AddedTokens {
    /**
     * A token beside the trained ones, recognised wherever its content stands.
     *
     * @param special whether it is no text
     * @param normalized whether it is looked for after normalisation, so that other writings may match
     */
    record Added(int id, String content, boolean special, boolean normalized) {}

    private AddedTokens() {}

    static List<Added> of(Path file, ObjectNode json) {
        JsonNode list = json.path("added_tokens");
        if (!list.isArray() && !list.isMissingNode() && !list.isNull()) {
            throw new TokenizerException(file + ": key 'added_tokens': expected a list, found " + list.getNodeType());
        }
        List<Added> result = new ArrayList<>();
        for (JsonNode each : list) {
            JsonNode content = each.path("content");
            if (!content.isTextual() || content.textValue().isEmpty()) {
                throw new TokenizerException(file
                        + ": key 'added_tokens': expected a string as 'content' that is not empty, found " + content);
            }
            result.add(new Added(
                    TokenVocabulary.id(file, each.path("id"), content.textValue()),
                    content.textValue(),
                    flag(file, each, "special"),
                    flag(file, each, "normalized")));
        }
        return result;
    }

    private static boolean flag(Path file, JsonNode token, String name) {
        JsonNode value = token.path(name);
        if (!value.isBoolean() && !value.isMissingNode()) {
            throw new TokenizerException(
                    file + ": key 'added_tokens." + name + "': expected true or false, found " + value);
        }
        return value.booleanValue();
    }
}
