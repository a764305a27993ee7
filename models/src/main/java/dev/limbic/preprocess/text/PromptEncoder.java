package dev.limbic.preprocess.text;

import java.nio.file.Path;

/** STUB. */
public final class PromptEncoder {
    private PromptEncoder() {}

    /** STUB. */
    public static PromptEncoder open(Path folder) {
        return new PromptEncoder();
    }

    /** STUB. */
    public int[] encode(String rendered) {
        return new int[] {rendered.length()};
    }

    /** STUB. */
    public int[] encodePlain(String rendered) {
        return new int[] {rendered.length()};
    }

    /** STUB. */
    public String harmless(String text) {
        return text;
    }
}
