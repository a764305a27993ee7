package dev.limbic.server.runtime;

import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.TextModel;
import dev.limbic.ops.DeviceException;
import dev.limbic.server.batch.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a model's lane runs: the model, with its device's failures turned into what clients are told.
 *
 * @param lost told when the device answers nothing any more, before the batch fails
 */
record ModelWork(TextModel model, Consumer<DeviceException> lost) implements Work<Encoding, float[]> {
    /** About how long it takes to open a device and load models. */
    static final Duration RETRY_WHEN_LOST = Duration.ofSeconds(5);

    private static final Duration RETRY_WHEN_TOO_LARGE = Duration.ofSeconds(1);

    @Override
    public List<float[]> run(List<Encoding> batch) {
        try {
            return List.of(model.logits(batch));
        } catch (DeviceException e) {
            return switch (e.kind()) {
                case OUT_OF_MEMORY -> halves(batch);
                case LOST -> {
                    lost.accept(e);
                    throw unavailable(model.card().device());
                }
                case MISSING, REFUSED -> throw e;
            };
        }
    }

    private List<float[]> halves(List<Encoding> batch) {
        if (batch.size() == 1) {
            throw new LimbicException.Overloaded(
                    "the memory of device " + model.card().device() + " does not hold a request of "
                            + batch.getFirst().tokens() + " tokens",
                    RETRY_WHEN_TOO_LARGE);
        }
        int half = batch.size() / 2;
        List<float[]> rows = new ArrayList<>(run(batch.subList(0, half)));
        rows.addAll(run(batch.subList(half, batch.size())));
        return rows;
    }

    static LimbicException.Unavailable unavailable(String device) {
        return new LimbicException.Unavailable("device " + device + " failed", RETRY_WHEN_LOST);
    }
}
