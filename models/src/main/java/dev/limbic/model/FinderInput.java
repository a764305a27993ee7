package dev.limbic.model;

import dev.limbic.domain.Prepared;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.PreparedImage;
import java.util.Arrays;

/**
 * A picture as a face finder reads it.
 *
 * @param filled what of it is picture and not black; the upper left
 */
public record FinderInput(PreparedImage picture, ImageSettings.Size filled) implements Prepared {
    /**
     * The same, made smaller: each sample the mean of a square, in the upper left of a black picture.
     *
     * @param factor side of the square; what is left over at the picture's edges is left out
     * @param side of the black picture
     */
    PreparedImage smaller(int factor, int side) {
        int channels = picture.channels();
        int stride = picture.width() * channels;
        byte[] in = picture.samples();
        byte[] out = new byte[side * side * channels];
        int[] sums = new int[picture.width() / factor * channels];
        int half = factor * factor / 2;
        for (int y = 0; y < picture.height() / factor; y++) {
            Arrays.fill(sums, 0);
            for (int row = y * factor; row < (y + 1) * factor; row++) {
                for (int i = 0; i < sums.length; i++) {
                    int from = row * stride + i / channels * factor * channels + i % channels;
                    for (int k = 0; k < factor; k++) {
                        sums[i] += in[from + k * channels] & 0xFF;
                    }
                }
            }
            for (int i = 0; i < sums.length; i++) {
                out[y * side * channels + i] = (byte) ((sums[i] + half) / (factor * factor));
            }
        }
        return new PreparedImage(side, side, channels, out);
    }

    @Override
    public int cost() {
        return picture.cost();
    }
}
