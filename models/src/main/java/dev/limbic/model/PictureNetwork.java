package dev.limbic.model;

import dev.limbic.ops.Linear;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Planes;
import dev.limbic.tensor.Tensor;

/** The computation of one architecture with its weights, from pixels to features. */
interface PictureNetwork {
    /** Called with the pictures between the layers, [N·H·W, C] each; tests look on. */
    interface Tap {
        /** Looks at nothing. */
        Tap NONE = (layer, hidden) -> {};

        void hidden(int layer, Tensor hidden);
    }

    /**
     * What there is to see, one row per picture.
     *
     * @param pixels normalised, [N·H·W, C]
     * @return [N, F]
     */
    Tensor features(Ops ops, Tensor pixels, Planes planes, Tap tap);

    /** From features to logits, [L, F]. */
    Linear classifier();

    /** Channels of the pixels, C. */
    int channels();

    /** Height and width that pictures must have; 0 for any. */
    int size();
}
