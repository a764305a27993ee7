package dev.limbic.model;

/**
 * What a face finder computed of one picture.
 *
 * @param values [S·S, 5·A] row-major
 * @param cells S
 * @param width part of the map's width that the picture takes, above 0 to 1
 * @param height part of the map's height
 */
public record FaceMap(float[] values, int cells, double width, double height) {}
