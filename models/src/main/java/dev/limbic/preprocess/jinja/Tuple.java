package dev.limbic.preprocess.jinja;

import java.util.List;

/** A list in round brackets; equal to no list. */
record Tuple(List<Object> items) {}
