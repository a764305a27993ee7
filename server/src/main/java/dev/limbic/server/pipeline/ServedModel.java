package dev.limbic.server.pipeline;

import dev.limbic.domain.Input;
import dev.limbic.domain.Prepared;
import dev.limbic.model.BatchKind;
import dev.limbic.model.Model;
import dev.limbic.model.ModelCard;
import dev.limbic.server.batch.Lane;
import java.util.function.Supplier;

/**
 * A model that answers inputs in batches; see {@link Model} for the types.
 *
 * @param source the model as its device has it now
 * @param lane runs {@link Model#run}
 */
public record ServedModel<I extends Input, P extends Prepared, R, A>(
        BatchKind<I, P, R, A> kind, ModelCard card, Supplier<Model<I, P, R, A>> source, Lane<P, R> lane)
        implements Served {
    Model<I, P, R, A> model() {
        return source.get();
    }

    @Override
    public int depth() {
        return lane.depth();
    }
}
