package dev.limbic.domain;

/**
 * A face in a picture.
 *
 * @param score how certain it is that this is a face, 0 to 1
 */
public record Face(Box box, float score) {}
