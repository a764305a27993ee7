package dev.limbic.server.pipeline;

import dev.limbic.domain.Frame;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource;
import dev.limbic.domain.Input;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import java.nio.charset.StandardCharsets;

/**
 * How much of each kind of input is taken.
 *
 * @param maxTextBytes longest text, in bytes of UTF-8
 * @param maxImageBytes longest picture, in bytes as it was sent
 */
public record InputLimits(int maxTextBytes, int maxImageBytes) {
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
            case Image image -> requirePicture(image.source());
            case Frame frame -> requirePicture(frame.source());
        }
    }

    private void requirePicture(ImageSource picture) {
        int bytes = picture.bytes().length;
        if (bytes == 0) {
            throw new LimbicException.Invalid("the picture is empty");
        }
        if (bytes > maxImageBytes) {
            throw new LimbicException.TooLarge(
                    "the picture has %d bytes, the most are %d (limits.max-image)".formatted(bytes, maxImageBytes));
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
