package dev.limbic.model;

import dev.limbic.domain.Prepared;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.PreparedImage;

/**
 * A picture as a face finder reads it.
 *
 * @param filled what of it is picture and not black; the upper left
 */
public record FinderInput(PreparedImage picture, ImageSettings.Size filled) implements Prepared {
    @Override
    public int cost() {
        return picture.cost();
    }
}
