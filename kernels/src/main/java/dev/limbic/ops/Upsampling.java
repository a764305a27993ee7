package dev.limbic.ops;

/** How a picture is made larger or smaller. */
public enum Upsampling {
    /** The pixel at ⌊y·h/H⌋, ⌊x·w/W⌋. */
    NEAREST,

    /** The four pixels around (y + ½)·h/H − ½, (x + ½)·w/W − ½, by distance; beyond the edge is the edge. */
    BILINEAR
}
