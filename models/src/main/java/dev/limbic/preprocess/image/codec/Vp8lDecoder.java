package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Decodes lossless WebP (RFC 9649, 3) to pixels of the form 0xAARRGGBB. One decoder reads one picture. */
final class Vp8lDecoder {
    private static final int SIGNATURE = 0x2F;
    private static final int LITERALS = 256;
    private static final int LENGTHS = 24;
    private static final int DISTANCES = 40;
    private static final int RED = 1;
    private static final int BLUE = 2;
    private static final int ALPHA = 3;
    private static final int DISTANCE = 4;
    private static final int CACHE_FACTOR = 0x1E35A7BD;

    /** Most that encoders write; the format allows 65 536, for which a file could ask without using them. */
    private static final int MAX_GROUPS = 2600;

    private static final int[] LENGTH_ORDER = {17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

    /** Where the nearest 120 pixels lie: rows up in the upper half, eight less columns to the left in the lower one. */
    private static final byte[] NEAR = java.util.HexFormat.of()
            .parseHex("1807171928062729161a262a38053739151b363a252b48044749141c353b464a242c58454b343c03"
                    + "5759131d565a232d444c555b333d68026769121e666a222e545c434d656b323e78017779535d111f"
                    + "646c424e767a212f757b313f636d525e00747c414f1020626e30737d515f40727e616f50717f6070");

    private final Vp8lBits bits;
    private int width;
    private int height;
    private boolean hasAlpha;

    Vp8lDecoder(byte[] data, int from, int length) {
        bits = new Vp8lBits(data, from, length);
    }

    /** The picture behind its header. */
    int[] decode(ImageLimits limits) {
        if (bits.take(8) != SIGNATURE) {
            throw damaged("it has no header");
        }
        width = bits.take(14) + 1;
        height = bits.take(14) + 1;
        hasAlpha = bits.take(1) != 0;
        if (bits.take(3) != 0) {
            throw new LimbicException.Invalid("WebP: expected version 0 of lossless coding, found another");
        }
        limits.requireSize("WebP", width, height);
        return decode(width, height);
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    boolean hasAlpha() {
        return hasAlpha;
    }

    /** A picture of known size without a header. */
    int[] decode(int width, int height) {
        Vp8lTransform[] transforms = new Vp8lTransform[4];
        int count = 0;
        int seen = 0;
        int packedWidth = width;
        while (bits.take(1) != 0) {
            int kind = bits.take(2);
            if ((seen & 1 << kind) != 0) {
                throw damaged("a transform comes twice");
            }
            seen |= 1 << kind;
            Vp8lTransform transform = transform(kind, packedWidth, height);
            packedWidth = transform.packedWidth();
            transforms[count++] = transform;
        }
        int[] pixels = pixels(packedWidth, height, true);
        while (count > 0) {
            pixels = transforms[--count].undo(pixels, height);
        }
        return pixels;
    }

    private static LimbicException damaged(String found) {
        return new LimbicException.Invalid("WebP: truncated or damaged: " + found);
    }

    private Vp8lTransform transform(int kind, int width, int height) {
        return switch (kind) {
            case Vp8lTransform.PREDICTOR, Vp8lTransform.CROSS_COLOUR -> {
                int size = bits.take(3) + 2;
                int[] tiles = pixels(tiles(width, size), tiles(height, size), false);
                yield new Vp8lTransform(kind, width, size, tiles);
            }
            case Vp8lTransform.SUBTRACT_GREEN -> new Vp8lTransform(kind, width, 0, new int[0]);
            default -> {
                int colours = bits.take(8) + 1;
                int[] differences = pixels(colours, 1, false);
                int[] palette = new int[256]; // what lies behind the palette is transparent black
                int colour = 0;
                for (int i = 0; i < colours; i++) {
                    colour = Vp8lTransform.add(colour, differences[i]);
                    palette[i] = colour;
                }
                int size = colours <= 2 ? 3 : colours <= 4 ? 2 : colours <= 16 ? 1 : 0;
                yield new Vp8lTransform(kind, width, size, palette);
            }
        };
    }

    static int tiles(int size, int bits) {
        return (size + (1 << bits) - 1) >> bits;
    }

    private int[] pixels(int width, int height, boolean whole) {
        boolean caches = bits.take(1) != 0;
        int cacheBits = caches ? bits.take(4) : 0;
        if (caches && (cacheBits < 1 || cacheBits > 11)) {
            throw damaged("a colour cache of 2^" + cacheBits);
        }
        int groupBits = 0;
        int[] groupOf = {};
        int groupCount = 1;
        if (whole && bits.take(1) != 0) {
            groupBits = bits.take(3) + 2;
            groupOf = pixels(tiles(width, groupBits), tiles(height, groupBits), false);
            for (int i = 0; i < groupOf.length; i++) {
                groupOf[i] = groupOf[i] >>> 8 & 0xFFFF;
                groupCount = Math.max(groupCount, groupOf[i] + 1);
            }
            if (groupCount > MAX_GROUPS) {
                throw damaged("expected at most " + MAX_GROUPS + " groups of prefix codes, found " + groupCount);
            }
        }
        Vp8lHuffman[][] groups = new Vp8lHuffman[groupCount][];
        for (int i = 0; i < groupCount; i++) {
            groups[i] = new Vp8lHuffman[] {
                code(LITERALS + LENGTHS + (cacheBits == 0 ? 0 : 1 << cacheBits)),
                code(LITERALS),
                code(LITERALS),
                code(LITERALS),
                code(DISTANCES)
            };
        }
        int[] cache = cacheBits == 0 ? null : new int[1 << cacheBits];
        return pixels(width, height, groups, groupOf, groupBits, cache, 32 - cacheBits);
    }

    private int[] pixels(
            int width,
            int height,
            Vp8lHuffman[][] groups,
            int[] groupOf,
            int groupBits,
            int @Nullable [] cache,
            int cacheShift) {
        int[] pixels = new int[width * height];
        int groupsPerRow = tiles(width, groupBits);
        int mask = (1 << groupBits) - 1;
        Vp8lHuffman[] group = groups[0];
        int cached = 0;
        int at = 0;
        int x = 0;
        int y = 0;
        boolean entered = true;
        while (at < pixels.length) {
            if (groupBits > 0 && (entered || (x & mask) == 0)) {
                group = groups[groupOf[(y >> groupBits) * groupsPerRow + (x >> groupBits)]];
            }
            entered = false;
            int symbol = group[0].next(bits);
            if (symbol < LITERALS) {
                int red = group[RED].next(bits);
                int blue = group[BLUE].next(bits);
                pixels[at++] = group[ALPHA].next(bits) << 24 | red << 16 | symbol << 8 | blue;
                x++;
            } else if (symbol < LITERALS + LENGTHS) {
                int length = extended(symbol - LITERALS);
                int distance = distance(extended(group[DISTANCE].next(bits)), width);
                if (distance > at || length > pixels.length - at) {
                    throw damaged("a repetition reaches out of the picture");
                }
                for (int end = at + length; at < end; at++) {
                    pixels[at] = pixels[at - distance];
                }
                x += length;
                entered = true;
            } else {
                if (cache == null) {
                    throw damaged("a colour of a cache that is not there");
                }
                for (; cached < at; cached++) {
                    cache[(pixels[cached] * CACHE_FACTOR) >>> cacheShift] = pixels[cached];
                }
                pixels[at++] = cache[symbol - LITERALS - LENGTHS];
                x++;
            }
            if (x >= width) {
                y += x / width;
                x %= width;
            }
        }
        return pixels;
    }

    /** A length or distance of which the symbol gives the first bits. */
    private int extended(int symbol) {
        if (symbol < 4) {
            return symbol + 1;
        }
        int extra = (symbol - 2) >> 1;
        return ((2 + (symbol & 1)) << extra) + bits.take(extra) + 1;
    }

    private static int distance(int code, int width) {
        if (code > NEAR.length) {
            return code - NEAR.length;
        }
        int near = NEAR[code - 1];
        return Math.max(1, (near >> 4) * width + 8 - (near & 15));
    }

    private Vp8lHuffman code(int size) {
        int[] lengths = new int[size];
        if (bits.take(1) != 0) {
            boolean two = bits.take(1) != 0;
            int first = bits.take(bits.take(1) == 0 ? 1 : 8);
            lengths[requireSymbol(first, size)] = 1;
            if (two) {
                lengths[requireSymbol(bits.take(8), size)] = 1;
            }
            return new Vp8lHuffman(lengths);
        }
        int[] lengthsOfLengths = new int[LENGTH_ORDER.length];
        int count = bits.take(4) + 4;
        for (int i = 0; i < Math.min(count, LENGTH_ORDER.length); i++) {
            lengthsOfLengths[LENGTH_ORDER[i]] = bits.take(3);
        }
        readLengths(new Vp8lHuffman(lengthsOfLengths), lengths);
        return new Vp8lHuffman(lengths);
    }

    private static int requireSymbol(int symbol, int size) {
        if (symbol >= size) {
            throw damaged("a prefix code of a symbol that does not exist");
        }
        return symbol;
    }

    private void readLengths(Vp8lHuffman code, int[] lengths) {
        int left = bits.take(1) == 0 ? lengths.length : 2 + bits.take(2 + 2 * bits.take(3));
        if (left > lengths.length) {
            throw damaged("a prefix code has too many lengths");
        }
        int previous = 8;
        for (int i = 0; i < lengths.length && left > 0; left--) {
            int symbol = code.next(bits);
            if (symbol < 16) {
                lengths[i++] = symbol;
                previous = symbol == 0 ? previous : symbol;
                continue;
            }
            int repeat = switch (symbol) {
                case 16 -> 3 + bits.take(2);
                case 17 -> 3 + bits.take(3);
                default -> 11 + bits.take(7);
            };
            if (repeat > lengths.length - i) {
                throw damaged("a prefix code has too many lengths");
            }
            Arrays.fill(lengths, i, i + repeat, symbol == 16 ? previous : 0);
            i += repeat;
        }
    }
}
