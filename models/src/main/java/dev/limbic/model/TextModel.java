package dev.limbic.model;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import java.util.List;

/**
 * A text classifier loaded on a device: the waist between the service above, which ignores devices, and the
 * layers below, which ignore requests.
 *
 * <p>{@link #card}, {@link #encode} and {@link #interpret} are pure and may be called from any thread.
 * {@link #logits} and {@link #close} belong to the thread that owns the device.
 */
public interface TextModel extends AutoCloseable {
    /** What this model is. */
    ModelCard card();

    /**
     * Turns text into token ids, truncated to the model's limit.
     *
     * @throws dev.limbic.domain.LimbicException.Invalid if the text cannot be encoded
     */
    Encoding encode(String text);

    /**
     * Runs the flat batch, without padding, through the model.
     *
     * @param batch at least one encoding, each with at least one token
     * @return logits, one row [L] per encoding in the same order
     */
    float[][] logits(List<Encoding> batch);

    /** Turns one row of logits, [L], into emotions. */
    Emotions interpret(float[] logits);

    /** Gives the weights back to the device. */
    @Override
    void close();
}
