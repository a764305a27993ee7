package dev.limbic.ops;

/** How the rows of one sequence become one row. */
public enum Pooling {
    MEAN,
    MAX
}
