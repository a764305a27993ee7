package dev.limbic.server.pipeline;

import dev.limbic.domain.Input;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import java.nio.charset.StandardCharsets;

/**
 * How much of each kind of input is taken.
 *
 * @param maxTextBytes longest text, in bytes of UTF-8
 */
public record InputLimits(int maxTextBytes) {
    /** @throws LimbicException.Invalid if there is nothing in it, or too much */
    void require(Input input) {
        switch (input) {
            case Text text -> {
                if (text.text().isBlank()) {
                    throw new LimbicException.Invalid(
                            "text is empty; send at least one character that is not white space");
                }
                requireShort(text.text(), "text");
            }
        }
    }

    /** @throws LimbicException.Invalid if it is longer than a text may be */
    void requireShort(String text, String what) {
        int length = text.length();
        // A char is 1 to 3 bytes of UTF-8; most texts are decided without counting.
        if (length > maxTextBytes || (length > maxTextBytes / 3 && utf8Length(text) > maxTextBytes)) {
            throw new LimbicException.Invalid(what + " is longer than %d bytes of UTF-8".formatted(maxTextBytes));
        }
    }

    private static int utf8Length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
