package dev.limbic.preprocess.jinja;

/**
 * A piece of a template's source.
 *
 * @param line number of its line, from 1
 * @param text its text; of a string, what it stands for
 */
record Token(Kind kind, int line, String text) {
    /** Kinds of pieces. */
    enum Kind {
        DATA,
        OUTPUT_BEGIN,
        OUTPUT_END,
        BLOCK_BEGIN,
        BLOCK_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind wanted, String wantedText) {
        return kind == wanted && text.equals(wantedText);
    }

    String describe() {
        return switch (kind) {
            case END -> "the end of the template";
            case BLOCK_END, OUTPUT_END -> "the end of the tag";
            case DATA -> "text";
            case STRING -> "a string";
            default -> "'" + text + "'";
        };
    }
}
