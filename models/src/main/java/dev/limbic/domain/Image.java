package dev.limbic.domain;

/** A picture of one face, or of several to be found. */
public record Image(ImageSource source) implements Input {
    /** A picture is private: it must not reach a log through a careless string conversion. */
    @Override
    public String toString() {
        return "Image[]";
    }
}
