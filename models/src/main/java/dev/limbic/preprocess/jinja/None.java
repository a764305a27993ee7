package dev.limbic.preprocess.jinja;

/** The language's {@code none}: a value like others, unlike what is {@link Undefined}. */
enum None {
    NONE
}
