package dev.limbic.preprocess.image;

import java.util.List;

/**
 * What is drawn about one face.
 *
 * @param label such as {@code happiness .93}; characters that the font lacks are drawn as a box
 * @param bars from top to bottom
 */
public record Annotation(Box box, String label, List<Bar> bars) {
    /** A named bar; {@code share} of 0…1 is filled. */
    public record Bar(String name, float share) {}
}
