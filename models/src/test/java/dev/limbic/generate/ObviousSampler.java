package dev.limbic.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** What {@link NextTokenPlanner} and the device's sampling document, step by step, slowly and with lists. */
final class ObviousSampler {
    private ObviousSampler() {}

    static double[] logProbabilities(float[] logits) {
        double largest = IntStream.range(0, logits.length)
                .mapToDouble(i -> logits[i])
                .max()
                .orElseThrow();
        double sum = IntStream.range(0, logits.length)
                .mapToDouble(i -> Math.exp(logits[i] - largest))
                .sum();
        return IntStream.range(0, logits.length)
                .mapToDouble(i -> logits[i] - largest - Math.log(sum))
                .toArray();
    }

    static List<Integer> alternatives(float[] logits, int wanted) {
        return ranked(logits, IntStream.range(0, logits.length).boxed().toList()).stream()
                .limit(wanted)
                .toList();
    }

    static int choose(float[] logits, SamplingSettings settings, List<Integer> prompt, List<Integer> reply) {
        float[] z = logits.clone();
        settings.logitBias().forEach((id, bias) -> z[id] += bias);
        List<Integer> all = new ArrayList<>(prompt);
        all.addAll(reply);
        SamplingSettings.Penalties penalties = settings.penalties();
        for (int id = 0; id < z.length; id++) {
            if (all.contains(id)) {
                z[id] = z[id] > 0 ? z[id] / penalties.repetition() : z[id] * penalties.repetition();
            }
            int token = id;
            int count = (int) reply.stream().filter(each -> each == token).count();
            z[id] -= count * penalties.frequency();
            z[id] -= count > 0 ? penalties.presence() : 0;
        }
        for (List<Integer> banned : settings.bannedSequences()) {
            List<Integer> head = banned.subList(0, banned.size() - 1);
            if (head.size() <= all.size()
                    && all.subList(all.size() - head.size(), all.size()).equals(head)) {
                z[banned.getLast()] = Float.NEGATIVE_INFINITY;
            }
        }
        if (reply.size() < settings.ending().minNewTokens()) {
            settings.ending().stopIds().forEach(id -> z[id] = Float.NEGATIVE_INFINITY);
        }
        List<Integer> left = ranked(z, IntStream.range(0, z.length).boxed().toList());
        if (settings.temperature() == 0) {
            return left.getFirst();
        }
        double[] weight = new double[z.length];
        for (int id = 0; id < z.length; id++) {
            weight[id] = Math.exp(((double) z[id] - z[left.getFirst()]) / settings.temperature());
        }
        SamplingSettings.Truncation truncation = settings.truncation();
        if (truncation.topK() > 0) {
            left = left.subList(0, Math.min(truncation.topK(), left.size()));
        }
        double total = sum(weight, left);
        int kept = 1;
        while (truncation.topP() < 1 && sum(weight, left.subList(0, kept)) < truncation.topP() * total) {
            kept++;
        }
        left = truncation.topP() < 1 ? left.subList(0, kept) : left;
        left = left.stream()
                .filter(id -> weight[id] >= truncation.minP())
                .sorted()
                .toList();
        double threshold = NextToken.uniform(settings.seed(), reply.size()) * sum(weight, left);
        double mass = 0;
        for (int id : left) {
            mass += weight[id];
            if (mass > threshold) {
                return id;
            }
        }
        return left.getLast();
    }

    private static double sum(double[] weight, List<Integer> ids) {
        return ids.stream().mapToDouble(id -> weight[id]).sum();
    }

    private static List<Integer> ranked(float[] z, List<Integer> ids) {
        return ids.stream()
                .sorted(Comparator.comparingDouble((Integer id) -> -z[id]).thenComparing(Comparator.naturalOrder()))
                .toList();
    }

    static List<Integer> list(int... ids) {
        return Arrays.stream(ids).boxed().toList();
    }
}
