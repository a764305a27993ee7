package dev.limbic.server.evaluate;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.Text;
import dev.limbic.model.Model;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * A model's answers to a labelled split.
 *
 * @param labels scores of the 28 labels
 * @param groups scores of the seven Ekman groups; a group is predicted when one of its labels is
 * @param confusion examples of one gold group, [gold group][group of the most probable label]
 * @param topOne share of examples whose most probable label is among the gold ones
 */
public record Evaluation(LabelScores labels, LabelScores groups, int[][] confusion, double topOne) {
    private static final int BATCH = 32;

    /** What the model says to each text, in order. */
    public static List<Emotions> answers(
            Model<Text, Encoding, float[], Emotions> model, List<String> texts, IntConsumer done) {
        List<Emotions> answers = new ArrayList<>();
        for (int from = 0; from < texts.size(); from += BATCH) {
            List<Encoding> batch = texts.subList(from, Math.min(texts.size(), from + BATCH)).stream()
                    .map(text -> model.prepare(new Text(text)))
                    .toList();
            for (float[] logits : model.run(batch)) {
                answers.add(model.interpret(logits));
            }
            done.accept(answers.size());
        }
        return answers;
    }

    /** Scores answers against gold labels. */
    public static Evaluation of(List<String> names, List<GoEmotions.Example> examples, List<Emotions> answers) {
        LabelScores labels = new LabelScores(names);
        LabelScores groups = new LabelScores(GoEmotions.EKMAN);
        int[][] confusion = new int[GoEmotions.EKMAN.size()][GoEmotions.EKMAN.size()];
        int right = 0;
        for (int i = 0; i < examples.size(); i++) {
            BitSet gold = examples.get(i).labels();
            BitSet predicted = new BitSet();
            answers.get(i).predicted().forEach(predicted::set);
            labels.add(gold, predicted);
            BitSet goldGroups = GoEmotions.groups(gold, names);
            groups.add(goldGroups, GoEmotions.groups(predicted, names));
            int top = mostProbable(answers.get(i).probabilities());
            if (gold.get(top)) {
                right++;
            }
            if (goldGroups.cardinality() == 1) {
                confusion[goldGroups.nextSetBit(0)][GoEmotions.group(names.get(top))]++;
            }
        }
        return new Evaluation(labels, groups, confusion, (double) right / examples.size());
    }

    static int mostProbable(float[] probabilities) {
        int best = 0;
        for (int l = 1; l < probabilities.length; l++) {
            if (probabilities[l] > probabilities[best]) {
                best = l;
            }
        }
        return best;
    }
}
