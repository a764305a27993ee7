package dev.limbic.postprocess;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.limbic.domain.Affect;
import dev.limbic.domain.CanonicalEmotion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What the labels of a data set mean: shares of the canonical emotions, and a point in affect space. Read from the mapping
 * files beside this class. Labels are found whatever their case, with {@code -} or a space for {@code _}, and by the
 * other spellings a file lists. Immutable and thread-safe.
 */
public final class Taxonomy {
    /**
     * Meaning of one label.
     *
     * @param emotions share of each {@link CanonicalEmotion} by ordinal, summing to 1, or all 0 where labels say only how
     *     pleasant something is; not to be changed
     * @param affect where the label lies when it is certain
     */
    public record Meaning(float[] emotions, Affect affect) {
        /** Whether the label says that there is no emotion. */
        boolean neutral() {
            return affect.equals(Affect.NEUTRAL);
        }
    }

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** Those that were asked for, by name: every model that is loaded looks at all of them. */
    private static final Map<String, Taxonomy> KNOWN = new ConcurrentHashMap<>();

    /** The taxonomy without labels. */
    public static final Taxonomy NONE = new Taxonomy("none", Map.of(), Map.of());

    private static final List<String> NAMES = List.of(
            "goemotions-28",
            "ekman-7",
            "emotion-6",
            "fer-7",
            "fer-8",
            "ravdess-8",
            "semeval-11",
            "pysentimiento-7",
            "plutchik-8",
            "isear-7",
            "iemocap-10",
            "crowdflower-13",
            "sentiment-5",
            "stars-5");

    private final String name;
    private final Map<String, Meaning> meanings;
    private final Map<String, String> labelBySpelling;
    private final boolean namesEmotions;

    private Taxonomy(String name, Map<String, Meaning> meanings, Map<String, String> labelBySpelling) {
        this.name = name;
        this.meanings = meanings;
        this.labelBySpelling = labelBySpelling;
        this.namesEmotions = meanings.values().stream()
                .anyMatch(meaning -> IntStream.range(0, meaning.emotions().length)
                        .anyMatch(emotion -> meaning.emotions()[emotion] > 0));
    }

    /** The names {@link #named} knows, "none" among them. */
    public static List<String> names() {
        return java.util.stream.Stream.concat(NAMES.stream(), java.util.stream.Stream.of(NONE.name))
                .toList();
    }

    /**
     * The taxonomy of that name.
     *
     * @throws IllegalArgumentException if there is none; the message lists those there are
     */
    public static Taxonomy named(String name) {
        if (name.equals(NONE.name)) {
            return NONE;
        }
        if (!NAMES.contains(name)) {
            throw new IllegalArgumentException(
                    "expected one of " + String.join(", ", names()) + ", found '" + name + "'");
        }
        return known(name);
    }

    /**
     * The taxonomy that a model's labels belong to: one that knows all of them, and of those the one that spells most of
     * them as the model does, then the one with the fewest further labels, then the first of {@link #names}. {@link
     * #NONE} when no taxonomy knows every label.
     */
    public static Taxonomy detect(List<String> labels) {
        Taxonomy best = NONE;
        int bestRank = Integer.MAX_VALUE;
        for (String name : NAMES) {
            Taxonomy candidate = known(name);
            Set<String> used = new HashSet<>();
            int sameSpelling = 0;
            boolean knowsAll = !labels.isEmpty();
            for (String label : labels) {
                @Nullable String found = candidate.labelBySpelling.get(plain(label));
                knowsAll &= found != null;
                if (found != null) {
                    used.add(found);
                    sameSpelling += found.equals(plain(label)) ? 1 : 0;
                }
            }
            int rank = candidate.meanings.size() - used.size() - 1000 * sameSpelling;
            if (knowsAll && rank < bestRank) {
                best = candidate;
                bestRank = rank;
            }
        }
        return best;
    }

    /** Such as {@code goemotions-28}, or {@code none}. */
    public String name() {
        return name;
    }

    /** Whether labels are emotions, rather than points in affect space alone. */
    boolean namesEmotions() {
        return namesEmotions;
    }

    /** Labels as the mapping file spells them. */
    public Set<String> labels() {
        return meanings.keySet();
    }

    /** How the mapping file spells a label, or null if this taxonomy does not know it. */
    public @Nullable String label(String spelling) {
        return labelBySpelling.get(plain(spelling));
    }

    /** What the label means, if this taxonomy knows it. */
    public Optional<Meaning> meaning(String label) {
        return Optional.ofNullable(labelBySpelling.get(plain(label))).map(meanings::get);
    }

    /** Place of an emotion in {@link dev.limbic.domain.Emotions#canonical()}. */
    @SuppressWarnings("EnumOrdinal") // that array is defined by ordinals
    static int index(CanonicalEmotion emotion) {
        return emotion.ordinal();
    }

    static double norm(double valence, double arousal, double dominance) {
        return Math.sqrt(valence * valence + arousal * arousal + dominance * dominance);
    }

    private static String plain(String label) {
        return label.strip().toLowerCase(Locale.ROOT).replace('-', '_').replace(' ', '_');
    }

    private static Taxonomy known(String name) {
        return KNOWN.computeIfAbsent(name, Taxonomy::read);
    }

    private static Taxonomy read(String name) {
        String resource = "taxonomy/" + name + ".json";
        try (@Nullable InputStream in = Taxonomy.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is missing from the jar");
            }
            Map<String, Meaning> meanings = new LinkedHashMap<>();
            Map<String, String> spellings = new LinkedHashMap<>();
            MAPPER.readTree(in).path("labels").properties().forEach(e -> {
                String label = e.getKey();
                meanings.put(label, meaning(e.getValue()));
                spellings.put(plain(label), label);
                e.getValue().path("spellings").forEach(s -> spellings.put(plain(s.textValue()), label));
            });
            return new Taxonomy(name, java.util.Collections.unmodifiableMap(meanings), Map.copyOf(spellings));
        } catch (IOException e) {
            throw new UncheckedIOException(resource, e);
        }
    }

    private static Meaning meaning(JsonNode entry) {
        float[] emotions = new float[CanonicalEmotion.values().length];
        entry.path("emotions").properties().forEach(share -> {
            CanonicalEmotion emotion = CanonicalEmotion.valueOf(share.getKey().toUpperCase(Locale.ROOT));
            emotions[index(emotion)] = share.getValue().floatValue();
        });
        JsonNode affect = entry.path("affect");
        return new Meaning(
                emotions,
                new Affect(
                        affect.path(0).floatValue(),
                        affect.path(1).floatValue(),
                        affect.path(2).floatValue()));
    }
}
