package dev.limbic.server.runtime;

import dev.limbic.domain.Input;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Prepared;
import dev.limbic.model.Model;
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
record ModelWork<I extends Input, P extends Prepared, R, A>(
        Resident<Model<I, P, R, A>> resident, Consumer<DeviceException> lost) implements Work<P, R> {
    /** About how long it takes to open a device and load models. */
    static final Duration RETRY_WHEN_LOST = Duration.ofSeconds(5);

    private static final Duration RETRY_WHEN_TOO_LARGE = Duration.ofSeconds(1);

    @Override
    public List<R> run(List<P> batch) {
        try {
            return resident.model().run(batch);
        } catch (DeviceException e) {
            return switch (e.kind()) {
                case OUT_OF_MEMORY -> halves(batch);
                case LOST -> {
                    lost.accept(e);
                    throw unavailable(device());
                }
                case MISSING, REFUSED -> throw e;
            };
        }
    }

    private List<R> halves(List<P> batch) {
        if (batch.size() == 1) {
            throw new LimbicException.Overloaded(
                    "the memory of device " + device() + " does not hold a request that costs "
                            + batch.getFirst().cost(),
                    RETRY_WHEN_TOO_LARGE);
        }
        int half = batch.size() / 2;
        List<R> rows = new ArrayList<>(run(batch.subList(0, half)));
        rows.addAll(run(batch.subList(half, batch.size())));
        return rows;
    }

    private String device() {
        return resident.card().device();
    }

    static LimbicException.Unavailable unavailable(String device) {
        return new LimbicException.Unavailable("device " + device + " failed", RETRY_WHEN_LOST);
    }
}
