package dev.limbic.model;

import java.util.List;

/** The only list of kinds of models. A new one is one line here and one file. */
public final class Kinds {
    /** Classifiers of text. */
    public static final TextKind TEXT = new TextKind();

    /** Classifiers of pictures of one face. */
    public static final ImageKind IMAGE = new ImageKind();

    /** Classifiers of video of one face. */
    public static final VideoKind VIDEO = new VideoKind();

    /** Finders of faces in pictures. */
    public static final FinderKind FINDER = new FinderKind();

    /** Models that write text. */
    public static final LanguageKind LANGUAGE = new LanguageKind();

    /** All of them. */
    public static final List<Kind<?>> ALL = List.of(TEXT, IMAGE, VIDEO, FINDER, LANGUAGE);

    private Kinds() {}
}
