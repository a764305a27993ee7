package dev.limbic.server.dialogue;

import dev.limbic.domain.Affect;
import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Emotions;
import java.util.List;

/** How somebody feels, for tests. */
final class Feelings {
    /** No label of the model is mapped to any emotion. */
    static final Emotions NOTHING = of(new float[8], 0);

    private Feelings() {}

    /** One emotion with this weight; what is left is neutral. */
    static Emotions of(CanonicalEmotion emotion, float weight, float intensity) {
        float[] canonical = only(emotion, weight);
        canonical[0] += 1 - weight;
        return of(canonical, intensity);
    }

    /** Weights of which only one is not 0. */
    static float[] only(CanonicalEmotion emotion, float weight) {
        CanonicalEmotion[] all = CanonicalEmotion.values();
        float[] canonical = new float[all.length];
        for (int i = 0; i < all.length; i++) {
            canonical[i] = all[i] == emotion ? weight : 0;
        }
        return canonical;
    }

    static Emotions of(float[] canonical, float intensity) {
        return new Emotions(new float[1], new float[] {1}, List.of(0), canonical.clone(), Affect.NEUTRAL, intensity);
    }
}
