package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.load;

import dev.limbic.ops.LogitChanges;
import dev.limbic.ops.SampleRow;
import dev.limbic.tensor.DType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Chooses the token of one row at a time, for one worker. The steps are those of {@code Ops.sample}. */
final class RowSampler {
    /** x = (logit − largest)/temperature of the tokens that are looked at first, then next, before all of them are. */
    private static final float[] BOUNDS = {-3, -7, -14, Float.NEGATIVE_INFINITY};

    private static final double LN_OF_ONE = SampleWeights.ONE_BITS * Math.log(2);

    private final RankedWeights ranked = new RankedWeights();
    private final int[] best = new int[SampleRow.MOST_ALTERNATIVES];

    /**
     * Chooses.
     *
     * @param scores the logits, f32 [n], which are overwritten
     * @param weights room for their weights, i64 [n]
     * @param result a row of the operation's result
     * @param places A
     */
    void choose(SampleRow row, long scores, long weights, int n, long result, int places) {
        for (int i = 0; i < places; i++) {
            Ram.setFloat(result + 4L * (SampleRow.FIRST_ALTERNATIVE + i), -1);
            Ram.setFloat(result + 4L * (SampleRow.FIRST_ALTERNATIVE + places + i), 0);
        }
        int bad = firstNotFinite(scores, n);
        if (bad >= 0) {
            write(result, bad, Ram.getFloat(scores + 4L * bad), SampleRow.NOT_FINITE);
            return;
        }
        float top = largest(scores, n);
        double logSum = Math.log((double) SampleWeights.sum(scores, n, top, 1)) - LN_OF_ONE;
        reportAlternatives(Math.min(row.alternatives(), n), scores, n, top, logSum, result, places);
        LogitChanges changes = row.changes();
        float[] unchanged = new float[changes.count()];
        for (int i = 0; i < unchanged.length; i++) {
            long place = scores + 4L * changes.ids()[i];
            unchanged[i] = Ram.getFloat(place);
            Ram.setFloat(place, changes.changed(i, unchanged[i]));
        }
        float largest = unchanged.length == 0 ? top : largest(scores, n);
        if (largest == Float.NEGATIVE_INFINITY) {
            write(result, 0, 0, SampleRow.NOTHING_LEFT);
            return;
        }
        int id = row.temperature() == 0 ? first(scores, n, largest) : draw(row, scores, weights, n, largest);
        float logit = Ram.getFloat(scores + 4L * id);
        for (int i = 0; i < unchanged.length; i++) {
            logit = changes.ids()[i] == id ? unchanged[i] : logit;
        }
        write(result, id, logProbability(logit, top, logSum), SampleRow.CHOSEN);
    }

    private static void write(long result, int id, float logProbability, int outcome) {
        Ram.setFloat(result + 4L * SampleRow.ID, id);
        Ram.setFloat(result + 4L * SampleRow.LOG_PROBABILITY, logProbability);
        Ram.setFloat(result + 4L * SampleRow.OUTCOME, outcome);
    }

    private static float logProbability(float logit, float top, double logSum) {
        return (float) ((double) logit - top - logSum);
    }

    /** The first token whose logit is NaN or infinite, or −1. */
    private static int firstNotFinite(long scores, int n) {
        if (Rows.isFinite(DType.F32, scores, n)) {
            return -1;
        }
        int i = 0;
        while (Float.isFinite(Ram.getFloat(scores + 4L * i))) {
            i++;
        }
        return i;
    }

    private static float largest(long scores, int n) {
        FloatVector tops = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            tops = tops.max(load(scores + 4L * i));
        }
        float top = tops.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            top = Math.max(top, Ram.getFloat(scores + 4L * i));
        }
        return top;
    }

    private static int first(long scores, int n, float value) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            VectorMask<Float> same = load(scores + 4L * i).compare(VectorOperators.EQ, value);
            if (same.anyTrue()) {
                return i + same.firstTrue();
            }
        }
        while (Ram.getFloat(scores + 4L * i) != value) {
            i++;
        }
        return i;
    }

    /** Insertion into the few best: nearly every vector is turned away by one comparison. */
    private void reportAlternatives(int wanted, long scores, int n, float top, double logSum, long result, int places) {
        if (wanted == 0) {
            return;
        }
        int found = 0;
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            float least = found < wanted ? Float.NEGATIVE_INFINITY : Ram.getFloat(scores + 4L * best[wanted - 1]);
            if (load(scores + 4L * i).compare(VectorOperators.GT, least).anyTrue()) {
                for (int id = i; id < i + LANES; id++) {
                    found = insert(scores, id, found, wanted);
                }
            }
        }
        for (; i < n; i++) {
            found = insert(scores, i, found, wanted);
        }
        for (int place = 0; place < found; place++) {
            float logit = Ram.getFloat(scores + 4L * best[place]);
            long id = result + 4L * (SampleRow.FIRST_ALTERNATIVE + place);
            Ram.setFloat(id, best[place]);
            Ram.setFloat(id + 4L * places, logProbability(logit, top, logSum));
        }
    }

    private int insert(long scores, int id, int found, int wanted) {
        float score = Ram.getFloat(scores + 4L * id);
        if (found == wanted && !(score > Ram.getFloat(scores + 4L * best[wanted - 1]))) {
            return found;
        }
        int place = found < wanted ? found : wanted - 1;
        while (place > 0 && score > Ram.getFloat(scores + 4L * best[place - 1])) {
            best[place] = best[place - 1];
            place--;
        }
        best[place] = id;
        return Math.min(wanted, found + 1);
    }

    private int draw(SampleRow row, long scores, long weights, int n, float largest) {
        float inverse = row.inverseTemperature();
        long least = (long) Math.ceil((double) row.minP() * (1L << SampleWeights.ONE_BITS));
        boolean all = row.topK() == 0 || row.topK() >= n;
        if (all && row.topP() == 1) {
            long sum = SampleWeights.fill(scores, n, largest, inverse, least, weights);
            return SampleWeights.firstBeyond(weights, n, target(sum, row));
        }
        long sum = SampleWeights.fill(scores, n, largest, inverse, 0, weights);
        if (all) {
            long share = share(sum, row);
            collect(scores, weights, n, largest, inverse, 0, share);
            ranked.keepReaching(share);
        } else {
            collect(scores, weights, n, largest, inverse, row.topK(), 0);
            ranked.keepFirst(row.topK());
            if (row.topP() < 1) {
                ranked.keepReaching(share(ranked.sum(), row));
            }
        }
        ranked.keepFrom(least);
        return ranked.firstBeyond(target(ranked.sum(), row));
    }

    /** What the weights must exceed for a token to be the drawn one. */
    private static long target(long sum, SampleRow row) {
        return Math.unsignedMultiplyHigh(sum, row.drawBits());
    }

    /** What the weights of top-p must reach. */
    private static long share(long sum, SampleRow row) {
        return (long) Math.ceil((double) row.topP() * (double) sum);
    }

    /** Gathers the most probable tokens: at least so many, or if there are not, all; and at least of this weight. */
    private void collect(long scores, long weights, int n, float largest, float inverse, int count, long weight) {
        ranked.clear();
        float above = Float.POSITIVE_INFINITY;
        long sum = 0;
        for (float bound : BOUNDS) {
            int i = 0;
            for (; i <= n - LANES; i += LANES) {
                FloatVector x = SampleWeights.exponents(scores + 4L * i, largest, inverse);
                VectorMask<Float> in = x.compare(VectorOperators.GE, bound).and(x.compare(VectorOperators.LT, above));
                for (long bits = in.toLong(); bits != 0; bits &= bits - 1) {
                    sum += add(scores, weights, i + Long.numberOfTrailingZeros(bits));
                }
            }
            for (; i < n; i++) {
                float x = SampleWeights.exponent(Ram.getFloat(scores + 4L * i), largest, inverse);
                if (x >= bound && x < above) {
                    sum += add(scores, weights, i);
                }
            }
            if (ranked.count() >= count && sum >= weight) {
                return;
            }
            above = bound;
        }
    }

    private long add(long scores, long weights, int id) {
        long weight = Ram.getLong(weights + 8L * id);
        ranked.add(RankedWeights.rank(Ram.getFloat(scores + 4L * id), id), weight);
        return weight;
    }
}
