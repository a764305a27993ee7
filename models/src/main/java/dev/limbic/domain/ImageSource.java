package dev.limbic.domain;

/** A picture as a client sends it. The arrays are not copied: whoever passes one on does not change it any more. */
public sealed interface ImageSource {
    /** The picture's bytes, in a file's format or as samples. */
    byte[] bytes();

    /** A whole JPEG, PNG or WebP file; its first bytes say which. */
    record EncodedImage(byte[] bytes) implements ImageSource {}

    /**
     * Samples as a renderer or a camera gives them, from the top left.
     *
     * @param width in pixels
     * @param height in pixels
     * @param stride bytes from one row to the next, for planar formats in the first plane; 0 for rows without a gap
     */
    record RawImage(PixelFormat format, int width, int height, int stride, byte[] bytes) implements ImageSource {}

    /** How samples of 8 bits lie in memory. */
    enum PixelFormat {
        RGB,
        RGBA,
        BGRA,
        GREY,
        /** A plane of luma, then one of interleaved U and V at half the size with the same stride; BT.601, video range. */
        NV12,
        /** Planes of luma, U and V, the latter two at half the size and half the stride, rounded up; BT.601, video range. */
        I420
    }
}
