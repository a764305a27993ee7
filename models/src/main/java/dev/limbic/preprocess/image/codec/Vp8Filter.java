package dev.limbic.preprocess.image.codec;

/** The loop filter of VP8 (RFC 6386, 15): smooths the edges of macroblocks and of the blocks inside them. */
final class Vp8Filter {
    private final Vp8Header header;
    private final Vp8Planes planes;

    Vp8Filter(Vp8Header header, Vp8Planes planes) {
        this.header = header;
        this.planes = planes;
    }

    /**
     * @param levels by macroblock, 0…63
     * @param inner by macroblock: whether the edges inside are filtered
     */
    void run(byte[] levels, boolean[] inner) {
        for (int y = 0; y < header.mbHeight; y++) {
            for (int x = 0; x < header.mbWidth; x++) {
                int at = y * header.mbWidth + x;
                int level = levels[at];
                if (level == 0) {
                    continue;
                }
                int inside = inside(level);
                int limit = 2 * level + inside;
                if (header.simpleFilter) {
                    simple(x, y, limit, inner[at]);
                } else {
                    int busy = level >= 40 ? 2 : level >= 15 ? 1 : 0;
                    int luma = planes.atY(16 * x, 16 * y);
                    int chroma = planes.atUv(8 * x, 8 * y);
                    normal(planes.y, luma, planes.strideY, 16, x, y, limit, inside, busy, inner[at]);
                    normal(planes.u, chroma, planes.strideUv, 8, x, y, limit, inside, busy, inner[at]);
                    normal(planes.v, chroma, planes.strideUv, 8, x, y, limit, inside, busy, inner[at]);
                }
            }
        }
    }

    private int inside(int level) {
        int inside = level;
        if (header.sharpness > 0) {
            inside = Math.min(inside >> (header.sharpness > 4 ? 2 : 1), 9 - header.sharpness);
        }
        return Math.max(1, inside);
    }

    private void simple(int x, int y, int limit, boolean inner) {
        int at = planes.atY(16 * x, 16 * y);
        int stride = planes.strideY;
        for (int i = x > 0 ? 0 : 4; i < (inner ? 16 : 4); i += 4) {
            simpleEdge(at + i, stride, 1, i == 0 ? limit + 4 : limit);
        }
        for (int i = y > 0 ? 0 : 4; i < (inner ? 16 : 4); i += 4) {
            simpleEdge(at + i * stride, 1, stride, i == 0 ? limit + 4 : limit);
        }
    }

    private void simpleEdge(int from, int along, int across, int limit) {
        byte[] p = planes.y;
        for (int i = 0, at = from; i < 16; i++, at += along) {
            int p1 = p[at - 2 * across] & 0xFF;
            int p0 = p[at - across] & 0xFF;
            int q0 = p[at] & 0xFF;
            int q1 = p[at + across] & 0xFF;
            if (2 * Math.abs(p0 - q0) + (Math.abs(p1 - q1) >> 1) <= limit) {
                two(p, at, across, p1, p0, q0, q1);
            }
        }
    }

    private static void normal(
            byte[] plane, int at, int stride, int size, int x, int y, int limit, int inside, int busy, boolean inner) {
        for (int i = x > 0 ? 0 : 4; i < (inner ? size : 4); i += 4) {
            edge(plane, at + i, stride, 1, size, i == 0 ? limit + 4 : limit, inside, busy, i == 0);
        }
        for (int i = y > 0 ? 0 : 4; i < (inner ? size : 4); i += 4) {
            edge(plane, at + i * stride, 1, stride, size, i == 0 ? limit + 4 : limit, inside, busy, i == 0);
        }
    }

    /** @param outer whether it is the edge of a macroblock */
    private static void edge(
            byte[] p, int from, int along, int across, int size, int limit, int inside, int busy, boolean outer) {
        for (int i = 0, at = from; i < size; i++, at += along) {
            int p3 = p[at - 4 * across] & 0xFF;
            int p2 = p[at - 3 * across] & 0xFF;
            int p1 = p[at - 2 * across] & 0xFF;
            int p0 = p[at - across] & 0xFF;
            int q0 = p[at] & 0xFF;
            int q1 = p[at + across] & 0xFF;
            int q2 = p[at + 2 * across] & 0xFF;
            int q3 = p[at + 3 * across] & 0xFF;
            if (2 * Math.abs(p0 - q0) + (Math.abs(p1 - q1) >> 1) > limit
                    || Math.abs(p3 - p2) > inside
                    || Math.abs(p2 - p1) > inside
                    || Math.abs(p1 - p0) > inside
                    || Math.abs(q1 - q0) > inside
                    || Math.abs(q2 - q1) > inside
                    || Math.abs(q3 - q2) > inside) {
                continue;
            }
            if (Math.abs(p1 - p0) > busy || Math.abs(q1 - q0) > busy) {
                two(p, at, across, p1, p0, q0, q1);
            } else if (outer) {
                int a = signed(3 * (q0 - p0) + signed(p1 - q1));
                int a1 = (27 * a + 63) >> 7;
                int a2 = (18 * a + 63) >> 7;
                int a3 = (9 * a + 63) >> 7;
                p[at - 3 * across] = clamp(p2 + a3);
                p[at - 2 * across] = clamp(p1 + a2);
                p[at - across] = clamp(p0 + a1);
                p[at] = clamp(q0 - a1);
                p[at + across] = clamp(q1 - a2);
                p[at + 2 * across] = clamp(q2 - a3);
            } else {
                int a = 3 * (q0 - p0);
                int a1 = small((a + 4) >> 3);
                int a2 = small((a + 3) >> 3);
                int a3 = (a1 + 1) >> 1;
                p[at - 2 * across] = clamp(p1 + a3);
                p[at - across] = clamp(p0 + a2);
                p[at] = clamp(q0 - a1);
                p[at + across] = clamp(q1 - a3);
            }
        }
    }

    private static void two(byte[] p, int at, int across, int p1, int p0, int q0, int q1) {
        int a = 3 * (q0 - p0) + signed(p1 - q1);
        p[at - across] = clamp(p0 + small((a + 3) >> 3));
        p[at] = clamp(q0 - small((a + 4) >> 3));
    }

    private static int small(int value) {
        return Math.max(-16, Math.min(15, value));
    }

    private static int signed(int value) {
        return Math.max(-128, Math.min(127, value));
    }

    private static byte clamp(int value) {
        return (byte) Math.max(0, Math.min(255, value));
    }
}
