package dev.limbic.preprocess.jinja;

/**
 * Bounds of one rendering. A template comes from a model's folder and may loop or double a text for ever; honest ones use
 * a thousandth of this.
 */
final class Budget {
    /** Steps of evaluation, each with what it copies or compares in units of {@link #CHARS_PER_STEP} characters. */
    private static final long MAX_STEPS = 4_000_000;

    private static final int CHARS_PER_STEP = 16;

    /** Longest text, the rendered one or one on the way. */
    static final int MAX_CHARS = 4 << 20;

    /** Most items of a list, and turns of a loop over numbers, as in jinja2's sandbox. */
    static final int MAX_ITEMS = 100_000;

    /** Deepest nesting of lists and mappings, so that recursion over values ends. */
    static final int MAX_DEPTH = 100;

    private long left = MAX_STEPS;

    void step() {
        spend(1);
    }

    void spend(long steps) {
        left -= steps;
        if (left < 0) {
            throw TemplateException.failed("rendering takes more than " + MAX_STEPS + " steps");
        }
    }

    /** Pays for looking at a text. */
    void read(CharSequence text) {
        spend(text.length() / CHARS_PER_STEP);
    }

    /** Pays for a text and refuses one that is too long. */
    String made(String text) {
        room(text.length());
        read(text);
        return text;
    }

    /** Refuses a text of that length, before it is made. */
    void room(long length) {
        if (length > MAX_CHARS) {
            throw TemplateException.failed("a text of more than " + MAX_CHARS + " characters");
        }
    }

    /** Pays for a list of that size and refuses one that is too long, before it is made. */
    void items(long count) {
        if (count > MAX_ITEMS) {
            throw TemplateException.failed("a list of more than " + MAX_ITEMS + " items");
        }
        spend(count);
    }
}
