package dev.limbic.preprocess.image;

import dev.limbic.domain.Box;
import dev.limbic.preprocess.image.codec.Pixels;
import java.util.List;

/** Draws boxes, labels and bars into a copy of a picture. One drawing is of one picture. */
public final class Annotator {
    /** Shorter side below which a picture is enlarged by whole numbers, so that letters find room. */
    private static final int LEGIBLE = 480;

    /** Side for each dot of a letter, so that letters grow with the picture. */
    private static final int SIDE_PER_DOT = 240;

    private static final int BAR_DOTS = 40;
    private static final int PLATE = 0x202020;
    private static final int INK = 0xFFFFFF;
    private static final int[] COLOURS = {0x2CA02C, 0x1F77B4, 0xFF7F0E, 0xD62728, 0x9467BD, 0x17BECF, 0xE377C2, 0xBCBD22
    };

    private final int width;
    private final int height;
    private final byte[] rgb;
    private final int zoom;
    private final int dot;

    private Annotator(Pixels picture) {
        int shorter = Math.min(picture.width(), picture.height());
        zoom = Math.max(
                1, Math.min(Math.ceilDiv(LEGIBLE, shorter), 4 * LEGIBLE / Math.max(picture.width(), picture.height())));
        width = zoom * picture.width();
        height = zoom * picture.height();
        dot = Math.max(1, Math.min(width, height) / SIDE_PER_DOT);
        rgb = new byte[Pixels.CHANNELS * width * height];
        for (int y = 0, to = 0; y < height; y++) {
            for (int x = 0; x < width; x++, to += 3) {
                System.arraycopy(picture.rgb(), 3 * (y / zoom * picture.width() + x / zoom), rgb, to, 3);
            }
        }
    }

    /**
     * A copy with the annotations drawn into it, enlarged if it is too small for letters. What reaches out of the picture is
     * cut off.
     */
    public static Pixels draw(Pixels picture, List<Annotation> annotations) {
        Annotator drawing = new Annotator(picture);
        for (int i = 0; i < annotations.size(); i++) {
            drawing.annotation(annotations.get(i), COLOURS[i % COLOURS.length]);
        }
        return new Pixels(drawing.width, drawing.height, drawing.rgb);
    }

    private void annotation(Annotation annotation, int colour) {
        Box box = annotation.box();
        int left = Math.clamp(Math.round((double) width * box.x()), 0, width);
        int top = Math.clamp(Math.round((double) height * box.y()), 0, height);
        int right = Math.clamp(Math.round((double) width * (box.x() + box.width())), 0, width);
        int bottom = Math.clamp(Math.round((double) height * (box.y() + box.height())), 0, height);
        int line = 2 * dot;
        fill(left, top, right, top + line, colour);
        fill(left, bottom - line, right, bottom, colour);
        fill(left, top, left + line, bottom, colour);
        fill(right - line, top, right, bottom, colour);
        int row = dot * (BitmapFont.HEIGHT + 2);
        int plate = top >= row ? top - row : top;
        fill(left, plate, left + dot * (BitmapFont.width(annotation.label()) + 4), plate + row, colour);
        text(annotation.label(), left + 2 * dot, plate + dot, INK);
        bars(annotation.bars(), left, top == plate ? top + row : top, right, colour);
    }

    /** A table of bars beside the box where it has room, else in it. */
    private void bars(List<Annotation.Bar> bars, int left, int top, int right, int colour) {
        if (bars.isEmpty()) {
            return;
        }
        int names = 0;
        for (Annotation.Bar bar : bars) {
            names = Math.max(names, BitmapFont.width(bar.name()));
        }
        int row = dot * (BitmapFont.HEIGHT + 3);
        int tableWidth = dot * (names + BAR_DOTS + 6);
        int tableHeight = row * bars.size() + dot;
        int x = right + tableWidth <= width ? right : left - tableWidth >= 0 ? left - tableWidth : left;
        int y = Math.max(0, Math.min(top, height - tableHeight));
        fill(x, y, x + tableWidth, y + tableHeight, PLATE);
        for (int i = 0; i < bars.size(); i++) {
            int at = y + i * row + 2 * dot;
            text(bars.get(i).name(), x + 2 * dot, at, INK);
            int from = x + dot * (names + 4);
            float share = Math.max(0, Math.min(1, bars.get(i).share()));
            fill(from, at, from + Math.round(share * BAR_DOTS * dot), at + BitmapFont.HEIGHT * dot, colour);
        }
    }

    private void text(String text, int x, int y, int colour) {
        for (int i = 0; i < text.length(); i++) {
            for (int v = 0; v < BitmapFont.HEIGHT; v++) {
                for (int u = 0; u < BitmapFont.WIDTH; u++) {
                    if (BitmapFont.isSet(text.charAt(i), u, v)) {
                        int left = x + dot * (BitmapFont.ADVANCE * i + u);
                        fill(left, y + dot * v, left + dot, y + dot * (v + 1), colour);
                    }
                }
            }
        }
    }

    private void fill(int left, int top, int right, int bottom, int colour) {
        for (int y = Math.max(0, top); y < Math.min(height, bottom); y++) {
            for (int x = Math.max(0, left); x < Math.min(width, right); x++) {
                int at = 3 * (y * width + x);
                rgb[at] = (byte) (colour >> 16);
                rgb[at + 1] = (byte) (colour >> 8);
                rgb[at + 2] = (byte) colour;
            }
        }
    }
}
