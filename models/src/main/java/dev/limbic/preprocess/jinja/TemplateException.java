package dev.limbic.preprocess.jinja;

/** A template that cannot be read, or cannot be rendered with what it was given. Messages contain no user's text. */
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What went wrong. */
    public enum Kind {
        /** The source is no template. */
        SYNTAX,
        /** The source uses something of the language that is not supported here. */
        UNSUPPORTED,
        /** Rendering met an error of the language, such as an addition of a text and a number, or a bound. */
        FAILED,
        /** The template itself refused with {@code raise_exception}; the message is the template's. */
        RAISED
    }

    private final Kind kind;

    TemplateException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    static TemplateException syntax(int line, String message) {
        return new TemplateException(Kind.SYNTAX, "line " + line + ": " + message);
    }

    static TemplateException unsupported(int line, String what) {
        return new TemplateException(Kind.UNSUPPORTED, "line " + line + ": " + what + " is not supported");
    }

    static TemplateException failed(String message) {
        return new TemplateException(Kind.FAILED, message);
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }

    /** The same with the line, where a template failed. */
    TemplateException at(int line) {
        if (kind != Kind.FAILED || getMessage().startsWith("line ")) {
            return this;
        }
        TemplateException located = new TemplateException(kind, "line " + line + ": " + getMessage());
        located.setStackTrace(getStackTrace());
        return located;
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
