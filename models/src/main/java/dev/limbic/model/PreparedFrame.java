package dev.limbic.model;

import dev.limbic.domain.Prepared;
import dev.limbic.domain.StreamState;
import dev.limbic.preprocess.image.PreparedImage;
import org.jspecify.annotations.Nullable;

/**
 * A frame of the size that a model reads.
 *
 * @param stream that it belongs to; null for none
 */
public record PreparedFrame(PreparedImage picture, @Nullable StreamState stream) implements Prepared {
    /** Number of pixels. */
    @Override
    public int cost() {
        return picture.cost();
    }
}
