package dev.limbic.model;

/**
 * What a client needs to know of a model that finds faces.
 *
 * @param size side of the square that pictures are fitted into, in pixels; faces much smaller than a twentieth of it are
 *     not found
 */
public record FinderCard(
        String name, String kind, String architecture, int size, long parameters, String precision, String device)
        implements ModelCard {}
