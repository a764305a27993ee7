package dev.limbic.postprocess;

import dev.limbic.domain.Box;
import dev.limbic.domain.Face;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The last step of a face finder of the YOLO v2 family: a map of cells with some boxes each to the faces of a picture.
 *
 * @param anchors width and height of each box of a cell, in cells, [A][2]
 * @param threshold lowest score of a face
 * @param overlap most intersection over union of two faces
 */
public record FaceBoxes(double[][] anchors, double threshold, double overlap) {
    /** Values of a box: centre, size and score. */
    public static final int VALUES = 5;

    /**
     * The faces, the most certain first.
     *
     * @param map [cells · cells, A · 5] row-major: for each box x, y, w, h and score, before sigmoid and exponential
     * @param width part of the map's width that the picture takes, above 0 to 1; its left edge is the map's
     * @param height part of the map's height
     */
    public List<Face> faces(float[] map, int cells, double width, double height) {
        List<Face> found = new ArrayList<>();
        for (int at = 0; at < map.length; at += VALUES) {
            Face face = face(map, at, cells, width, height);
            if (face != null) {
                found.add(face);
            }
        }
        return suppressed(found);
    }

    /** Whether there are none; see {@link #faces}. */
    public boolean none(float[] map, int cells, double width, double height) {
        for (int at = 0; at < map.length; at += VALUES) {
            if (face(map, at, cells, width, height) != null) {
                return false;
            }
        }
        return true;
    }

    /** What one box of the map says; null if that is no face. */
    private @Nullable Face face(float[] map, int at, int cells, double width, double height) {
        double score = sigmoid(map[at + 4]);
        if (!(score > threshold)) { // NaN is no face
            return null;
        }
        int cell = at / (anchors.length * VALUES);
        double[] anchor = anchors[at / VALUES % anchors.length];
        double w = Math.exp(map[at + 2]) * anchor[0] / cells / width;
        double h = Math.exp(map[at + 3]) * anchor[1] / cells / height;
        int column = cell % cells;
        int row = cell / cells;
        double x = (column + sigmoid(map[at])) / cells / width;
        double y = (row + sigmoid(map[at + 1])) / cells / height;
        if (Double.isFinite((float) (w + h)) && (float) w > 0 && (float) h > 0) {
            return new Face(new Box((float) (x - w / 2), (float) (y - h / 2), (float) w, (float) h), (float) score);
        }
        return null;
    }

    /** The best first, of equal ones the later; whatever shares too much with one that stays is dropped. */
    private List<Face> suppressed(List<Face> found) {
        List<Face> waiting = new ArrayList<>(found.reversed());
        waiting.sort((a, b) -> Float.compare(b.score(), a.score()));
        List<Face> kept = new ArrayList<>();
        for (Face face : waiting) {
            if (kept.stream().noneMatch(each -> each.box().overlap(face.box()) > overlap)) {
                kept.add(face);
            }
        }
        return kept;
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
