package dev.limbic.server.evaluate;

/** Pearson's correlation of two series, accumulated pair by pair around running means (Welford). */
public final class Pearson {
    private long n;
    private double meanX;
    private double meanY;
    private double xx;
    private double yy;
    private double xy;

    public void add(double x, double y) {
        n++;
        double dx = x - meanX;
        double dy = y - meanY;
        meanX += dx / n;
        meanY += dy / n;
        xx += dx * (x - meanX);
        yy += dy * (y - meanY);
        xy += dx * (y - meanY);
    }

    /** −1…1; NaN while either series is constant. */
    public double correlation() {
        return xy / Math.sqrt(xx * yy);
    }
}
