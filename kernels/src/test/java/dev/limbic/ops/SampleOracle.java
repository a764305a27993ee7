package dev.limbic.ops;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** What {@link SampleOps#sample} documents for one row, step by step, slowly, with lists and in double. */
final class SampleOracle {
    /** How near to a border whole numbers of 2⁻³⁸ may decide otherwise. */
    private static final double BORDER = 1e-5;

    /** Smaller weights are none. */
    private static final double NEGLIGIBLE = 0x1p-38;

    private final float[] logits;
    private final float[] changed;
    private final SampleRow row;

    SampleOracle(float[] logits, SampleRow row) {
        this.logits = logits;
        this.row = row;
        this.changed = logits.clone();
        LogitChanges changes = row.changes();
        for (int i = 0; i < changes.count(); i++) {
            int id = changes.ids()[i];
            float z = logits[id] + changes.before()[i];
            z = z > 0 ? z / changes.factors()[i] : z * changes.factors()[i];
            z = z == Float.POSITIVE_INFINITY ? Float.MAX_VALUE : z;
            z += changes.after()[i];
            changed[id] = z == Float.POSITIVE_INFINITY ? Float.MAX_VALUE : z;
        }
    }

    int outcome() {
        if (firstNotFinite() >= 0) {
            return SampleRow.NOT_FINITE;
        }
        boolean left = IntStream.range(0, changed.length).anyMatch(id -> changed[id] > Float.NEGATIVE_INFINITY);
        return left ? SampleRow.CHOSEN : SampleRow.NOTHING_LEFT;
    }

    int firstNotFinite() {
        return IntStream.range(0, logits.length)
                .filter(id -> !Float.isFinite(logits[id]))
                .findFirst()
                .orElse(-1);
    }

    double logProbability(int id) {
        double largest = logits[ranking(logits).getFirst()];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - largest);
        }
        return logits[id] - largest - Math.log(sum);
    }

    List<Integer> alternatives() {
        return ranking(logits).stream().limit(row.alternatives()).toList();
    }

    /** Most probable first, of equal ones the lower id. */
    private static List<Integer> ranking(float[] z) {
        return IntStream.range(0, z.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer id) -> -(z[id] + 0f))
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
    }

    /** The token. */
    int choice() {
        return choice(row.topP(), row.minP(), row.draw());
    }

    /** The tokens that numbers next to the row's own would choose. */
    Set<Integer> choicesNearby() {
        Set<Integer> choices = new HashSet<>();
        for (double p : nearby(row.topP(), row.topP() < 1)) {
            for (double min : nearby(row.minP(), row.minP() > 0)) {
                for (double draw : nearby(row.draw(), true)) {
                    choices.add(choice(p, min, draw));
                }
            }
        }
        return choices;
    }

    private static double[] nearby(double value, boolean any) {
        return any ? new double[] {value * (1 - BORDER), value, value * (1 + BORDER)} : new double[] {value};
    }

    private int choice(double topP, double minP, double draw) {
        List<Integer> left = ranking(changed);
        if (row.temperature() == 0) {
            return left.getFirst();
        }
        double[] weight = new double[changed.length];
        for (int id = 0; id < weight.length; id++) {
            double exact = Math.exp(((double) changed[id] - changed[left.getFirst()]) / row.temperature());
            weight[id] = exact < NEGLIGIBLE ? 0 : exact;
        }
        if (row.topK() > 0) {
            left = left.subList(0, Math.min(row.topK(), left.size()));
        }
        if (topP < 1) {
            double share = topP * sum(weight, left);
            List<Integer> kept = new ArrayList<>();
            double mass = 0;
            for (int id : left) {
                kept.add(id);
                mass += weight[id];
                if (mass >= share) {
                    break;
                }
            }
            left = kept;
        }
        left = left.stream().filter(id -> weight[id] >= minP).sorted().toList();
        double threshold = draw * sum(weight, left);
        double mass = 0;
        int last = left.getFirst();
        for (int id : left) {
            mass += weight[id];
            last = weight[id] > 0 ? id : last;
            if (mass > threshold) {
                return id;
            }
        }
        return last;
    }

    private static double sum(double[] weight, List<Integer> ids) {
        return ids.stream().mapToDouble(id -> weight[id]).sum();
    }
}
