package dev.limbic.domain;

/** What somebody wrote or said. */
public record Text(String text) implements Input {
    /** Text is private: it must not reach a log through a careless string conversion. */
    @Override
    public String toString() {
        return "Text[]";
    }
}
