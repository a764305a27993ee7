package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;

/**
 * SentencePiece's table of normalisation: a double-array trie of byte sequences, whose leaves are places in a text of
 * replacements, each ended by a zero. The library follows the trie without a look at its bounds, so all ways through it are
 * gone here first.
 *
 * @see <a href="https://github.com/s-yata/darts-clone">the trie</a>
 */
final class CharsMap {
    private static final int UNIT_BYTES = 4;

    private final int[] units;
    private final byte[] texts;

    private CharsMap(int[] units, byte[] texts) {
        this.units = units;
        this.texts = texts;
    }

    /**
     * Checks a table.
     *
     * @param at key of the step that has it
     * @throws TokenizerException if it is not whole
     */
    static void require(Path file, String at, JsonNode value) {
        String key = file + ": key '" + at + ".precompiled_charsmap': ";
        try {
            if (!value.isTextual()) {
                throw new IllegalArgumentException("no text");
            }
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(value.textValue()))
                    .order(ByteOrder.LITTLE_ENDIAN);
            if (bytes.remaining() < UNIT_BYTES) {
                throw new IllegalArgumentException(bytes.remaining() + " bytes");
            }
            long count = Integer.toUnsignedLong(bytes.getInt()) / UNIT_BYTES;
            if (count < 1 || count > bytes.remaining() / UNIT_BYTES) {
                throw new IllegalArgumentException(count + " nodes in " + bytes.remaining() + " bytes");
            }
            int[] units = new int[(int) count];
            for (int i = 0; i < units.length; i++) {
                units[i] = bytes.getInt();
            }
            byte[] texts = new byte[bytes.remaining()];
            bytes.get(texts);
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(texts));
            new CharsMap(units, texts).walk();
        } catch (IllegalArgumentException e) {
            throw new TokenizerException(
                    key + "expected a table as SentencePiece writes it, found " + e.getMessage(), e);
        } catch (CharacterCodingException e) {
            throw new TokenizerException(key + "expected replacements in UTF-8, found other bytes", e);
        }
    }

    /** Goes each way through the trie once. */
    private void walk() {
        BitSet seen = new BitSet();
        Deque<Long> open = new ArrayDeque<>();
        open.push(offset(units[0]));
        while (!open.isEmpty()) {
            long base = open.pop();
            for (int label = 1; label < 256; label++) {
                int unit = unit(base ^ label);
                if ((unit & 0x8000_00FF) != label) {
                    continue;
                }
                long next = (base ^ label) ^ offset(unit);
                if (((unit >>> 8) & 1) == 1) {
                    requireText(unit(next) & Integer.MAX_VALUE);
                }
                if (next < units.length && !seen.get((int) next)) {
                    seen.set((int) next);
                    open.push(next);
                } else if (next >= units.length) {
                    // Its children are one byte away, so they may still lie inside.
                    throw new IllegalArgumentException("a node beyond its end");
                }
            }
        }
    }

    private int unit(long index) {
        if (index >= units.length) {
            throw new IllegalArgumentException("a node beyond its end");
        }
        return units[(int) index];
    }

    private void requireText(int index) {
        if (index > texts.length || (index < texts.length && (texts[index] & 0xC0) == 0x80)) {
            throw new IllegalArgumentException("a replacement that is none");
        }
    }

    private static long offset(int unit) {
        return Integer.toUnsignedLong(unit >>> 10) << ((unit & (1 << 9)) >>> 6);
    }
}
