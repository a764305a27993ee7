package dev.limbic.preprocess.jinja;

import java.time.LocalDateTime;
import java.util.function.Supplier;

/** What one rendering is bounded by, and its clock. */
record Rendering(Budget budget, Supplier<LocalDateTime> clock) {}
