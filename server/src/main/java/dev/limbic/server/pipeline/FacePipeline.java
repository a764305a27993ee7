package dev.limbic.server.pipeline;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.StreamSlots;
import dev.limbic.model.FrameLogits;
import dev.limbic.model.Kinds;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * A picture to the emotions of its faces: decode once, find, cut out, read each. Decoding is done by workers. Thread-safe.
 */
public final class FacePipeline implements FaceReader {
    private final Pipeline pipeline;
    private final InputLimits limits;
    private final ImageDecoder decoder;
    private final Executor workers;
    private final DecodedBytes decoded;

    /**
     * A pipeline over another.
     *
     * @param pipeline runs each model
     * @param workers decode, on other threads than the caller's; what they reject is answered as overload
     * @param mostDecoded most bytes of pixels that pictures and faces cut out of them hold together, beside what each worker
     *     is decoding
     */
    public FacePipeline(
            Pipeline pipeline, InputLimits limits, ImageDecoder decoder, Executor workers, long mostDecoded) {
        this.pipeline = pipeline;
        this.limits = limits;
        this.decoder = decoder;
        this.workers = workers;
        this.decoded = new DecodedBytes(mostDecoded);
    }

    @Override
    public void requireServed(String model, String finder) {
        if (!model.isEmpty()) {
            pipeline.catalog().faceReader(model);
        }
        if (!finder.isEmpty()) {
            pipeline.catalog().named(Kinds.FINDER, finder);
        }
    }

    @Override
    public Optional<StreamSlots> slots(String model) {
        return !model.isEmpty() && remembers(model)
                ? pipeline.catalog().named(Kinds.VIDEO, model).model().slots()
                : Optional.empty();
    }

    @Override
    public Emotions meaning(String model, float[] logits) {
        Catalog catalog = pipeline.catalog();
        return remembers(model)
                ? catalog.named(Kinds.VIDEO, model)
                        .model()
                        .interpret(new FrameLogits(logits, false))
                        .emotions()
                : catalog.named(Kinds.IMAGE, model).model().interpret(logits);
    }

    @Override
    public Pending read(FaceRequest request, FaceReading.Receiver receiver) {
        boolean remembers = remembers(request.model());
        if (request.boxes().isEmpty()) {
            pipeline.catalog().named(Kinds.FINDER, request.finder());
        }
        limits.require(request.image());
        if (request.timeoutNanos() <= 0) {
            throw new LimbicException.Expired("the deadline passed before the picture was read");
        }
        FaceJob job = new FaceJob(pipeline, decoder, decoded, request, remembers, receiver);
        Workers.hand(workers, job, "too many inputs wait to be prepared");
        return job;
    }

    private boolean remembers(String model) {
        return pipeline.catalog().faceReader(model).kind() == Kinds.VIDEO;
    }

    /** Bytes of pixels that are held now. */
    long decodedBytes() {
        return decoded.held();
    }
}
