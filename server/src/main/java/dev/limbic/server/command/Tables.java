package dev.limbic.server.command;

import dev.limbic.domain.Affect;
import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Emotions;
import dev.limbic.model.ClassifierCard;
import dev.limbic.model.FinderCard;
import dev.limbic.model.LanguageCard;
import dev.limbic.model.ModelCard;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** What the command line prints for people. */
final class Tables {
    private static final int BAR = 24;
    private static final String EIGHTHS = "▏▎▍▌▋▊▉█";

    private Tables() {}

    /** One line for a model. */
    static String model(ModelCard card, boolean isDefault) {
        return String.format(
                Locale.ROOT,
                "  %-17s %-39s %-5s on %-5s %s%s", // as wide as the longest of the starter models
                card.name(),
                card.architecture(),
                card.precision(),
                card.device(),
                what(card),
                isDefault ? " (default)" : "");
    }

    private static String what(ModelCard card) {
        double millions = card.parameters() / 1e6;
        return switch (card) {
            case ClassifierCard reads ->
                String.format(
                        Locale.ROOT,
                        "%3d labels, %5.1f M weights, %s",
                        reads.labels().size(),
                        millions,
                        takes(reads.takes()));
            case FinderCard finds ->
                String.format(Locale.ROOT, "finds faces, %5.1f M weights, in %d pixels", millions, finds.size());
            case LanguageCard writes ->
                String.format(
                        Locale.ROOT,
                        "writes %d tokens, %5.1f M weights, cache of %d tokens",
                        writes.maxTokens(),
                        millions,
                        writes.cacheTokens());
        };
    }

    private static String takes(ClassifierCard.Takes takes) {
        return switch (takes) {
            case ClassifierCard.Tokens tokens -> "up to " + tokens.most() + " tokens";
            case ClassifierCard.Picture picture -> "pictures of " + picture.width() + " × " + picture.height();
        };
    }

    /** The strongest labels with bars, or the numbers of a regression; the canonical emotions, affect and intensity. */
    static String emotions(ModelCard card, Emotions emotions, int top) {
        StringBuilder text = new StringBuilder();
        float[] probabilities = emotions.probabilities();
        for (int id : strongest(probabilities, top)) {
            boolean asserted = emotions.predicted().contains(id);
            text.append(row(asserted ? "*" : " ", card.labels().get(id), probabilities[id]));
        }
        for (int id = 0; probabilities.length == 0 && id < emotions.logits().length; id++) {
            text.append(
                    String.format(Locale.ROOT, "  %-16s %+.3f%n", card.labels().get(id), emotions.logits()[id]));
        }
        Affect affect = emotions.affect();
        if (affect != null) {
            CanonicalEmotion[] canonical = CanonicalEmotion.values();
            text.append(System.lineSeparator());
            for (int i : named(emotions) ? strongest(emotions.canonical(), 3) : List.<Integer>of()) {
                text.append(row(" ", canonical[i].name().toLowerCase(Locale.ROOT), emotions.canonical()[i]));
            }
            text.append(String.format(
                    Locale.ROOT,
                    "%n  valence %+.2f   arousal %+.2f   dominance %+.2f   intensity %.2f%n",
                    affect.valence(),
                    affect.arousal(),
                    affect.dominance(),
                    emotions.intensity()));
        }
        return text.toString();
    }

    /** Whether the labels are emotions. */
    private static boolean named(Emotions emotions) {
        return emotions.canonical()[strongest(emotions.canonical(), 1).getFirst()] > 0;
    }

    /** The same as data, for JSON. */
    static Map<String, Object> data(ModelCard card, Emotions emotions, boolean truncated) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("model", card.name());
        Map<String, Float> probabilities = new LinkedHashMap<>();
        for (int id : strongest(emotions.probabilities(), card.labels().size())) {
            probabilities.put(card.labels().get(id), emotions.probabilities()[id]);
        }
        data.put(
                "predicted",
                emotions.predicted().stream().map(card.labels()::get).toList());
        data.put("probabilities", probabilities);
        data.put("logits", emotions.logits());
        if (named(emotions)) {
            Map<String, Float> canonical = new LinkedHashMap<>();
            CanonicalEmotion[] names = CanonicalEmotion.values();
            for (int i = 0; i < names.length; i++) {
                canonical.put(names[i].name().toLowerCase(Locale.ROOT), emotions.canonical()[i]);
            }
            data.put("canonical", canonical);
        }
        Affect affect = emotions.affect();
        if (affect != null) {
            data.put("valence", affect.valence());
            data.put("arousal", affect.arousal());
            data.put("dominance", affect.dominance());
        }
        data.put("intensity", emotions.intensity());
        data.put("truncated", truncated);
        return data;
    }

    static List<Integer> strongest(float[] values, int top) {
        return IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -values[i]))
                .limit(top)
                .toList();
    }

    private static String row(String mark, String name, float share) {
        return String.format(Locale.ROOT, "  %s %-16s %-" + BAR + "s %.3f%n", mark, name, bar(share), share);
    }

    /** A bar of eighths of a character. */
    static String bar(float share) {
        int eighths = Math.round(Math.clamp(share, 0f, 1f) * BAR * 8);
        String rest = eighths % 8 == 0 ? "" : EIGHTHS.substring(eighths % 8 - 1, eighths % 8);
        return "█".repeat(eighths / 8) + rest;
    }
}
