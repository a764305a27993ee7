package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How a tokenizer.json's {@code decoder} turns one token into bytes.
 *
 * @param byteLevel whether each character stands for a byte, in GPT-2's table
 * @param space what stands for a space otherwise
 * @param byteFallback whether {@code <0x0A>} stands for a byte otherwise
 * @param stripsFirstSpace whether a whole text loses one leading space
 */
record TokenDecoder(boolean byteLevel, String space, boolean byteFallback, boolean stripsFirstSpace) {
    private static final String SUPPORTED =
            "ByteLevel, Metaspace, or a Sequence of Replace ('▁' by ' '), ByteFallback, Fuse and Strip (one ' ' at the start)";

    /** The byte for each character of GPT-2's table, or -1. */
    private static final short[] BYTES = table();

    static TokenDecoder of(Path file, JsonNode decoder) {
        return switch (decoder.path("type").asText("none")) {
            case "ByteLevel" -> new TokenDecoder(true, "", false, false);
            case "Metaspace" -> {
                String scheme = decoder.path("prepend_scheme").asText("always");
                boolean prepends = decoder.path("add_prefix_space").asBoolean(true) && !scheme.equals("never");
                yield new TokenDecoder(false, decoder.path("replacement").asText("▁"), false, prepends);
            }
            case "Sequence" -> sequence(file, decoder);
            default -> throw unsupported(file, decoder);
        };
    }

    private static TokenDecoder sequence(Path file, JsonNode sequence) {
        List<JsonNode> steps = new ArrayList<>();
        sequence.path("decoders").forEach(steps::add);
        if (steps.size() == 1) {
            return of(file, steps.getFirst());
        }
        String space = "";
        boolean fallback = false;
        boolean strips = false;
        for (JsonNode step : steps) {
            switch (step.path("type").asText()) {
                case "Replace" -> {
                    String pattern = step.path("pattern").path("String").asText();
                    if (pattern.isEmpty()
                            || !space.isEmpty()
                            || !step.path("content").asText().equals(" ")) {
                        throw unsupported(file, step);
                    }
                    space = pattern;
                }
                case "ByteFallback" -> fallback = true;
                case "Fuse" -> {}
                case "Strip" -> {
                    boolean oneAtTheStart = step.path("content").asText().equals(" ")
                            && step.path("start").asInt(-1) == 1
                            && step.path("stop").asInt(-1) == 0;
                    if (!oneAtTheStart) {
                        throw unsupported(file, step);
                    }
                    strips = true;
                }
                default -> throw unsupported(file, step);
            }
        }
        if (space.isEmpty()) {
            throw unsupported(file, sequence);
        }
        return new TokenDecoder(false, space, fallback, strips);
    }

    private static TokenizerException unsupported(Path file, JsonNode found) {
        String shown = found.toString();
        return new TokenizerException(file + ": key 'decoder': expected " + SUPPORTED + ", found "
                + (found.isMissingNode() ? "none" : shown.substring(0, Math.min(200, shown.length()))));
    }

    /** Bytes of a trained token. */
    byte[] bytes(String token) {
        if (byteLevel) {
            return fromTable(token);
        }
        if (byteFallback && token.length() == 6 && token.startsWith("<0x") && token.endsWith(">")) {
            int high = Character.digit(token.charAt(3), 16);
            int low = Character.digit(token.charAt(4), 16);
            if (high >= 0 && low >= 0) {
                return new byte[] {(byte) (high * 16 + low)};
            }
        }
        return token.replace(space, " ").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] fromTable(String token) {
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = token.charAt(i);
            if (c >= BYTES.length || BYTES[c] < 0) {
                // As the library does: a token with another character is text.
                return token.getBytes(StandardCharsets.UTF_8);
            }
            bytes[i] = (byte) BYTES[c];
        }
        return bytes;
    }

    /** Printable bytes stand for themselves, the others, in their order, for the characters from 256 on. */
    private static short[] table() {
        short[] table = new short[256 + 68];
        java.util.Arrays.fill(table, (short) -1);
        int next = 256;
        for (short b = 0; b < 256; b++) {
            boolean itself = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            table[itself ? b : next++] = b;
        }
        return table;
    }
}
