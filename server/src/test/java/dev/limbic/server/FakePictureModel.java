package dev.limbic.server;

import dev.limbic.domain.Input;
import dev.limbic.domain.Prepared;
import dev.limbic.model.BatchKind;
import dev.limbic.model.ClassifierCard;
import dev.limbic.model.FinderCard;
import dev.limbic.model.Kinds;
import dev.limbic.model.Model;
import dev.limbic.model.ModelCard;
import dev.limbic.model.ModelRegistry;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.batch.Pace;
import dev.limbic.server.pipeline.ServedModel;
import java.util.List;

/** What fake models of pictures have in common: each input costs the same, and nothing is to be closed. */
public abstract class FakePictureModel<I extends Input, P extends Prepared, R, A> implements Model<I, P, R, A> {
    private final BatchKind<I, P, R, A> kind;
    private final ModelCard card;
    private final int cost;
    private final boolean quick;

    /** @param quick whether inputs are prepared by whoever brings them */
    protected FakePictureModel(BatchKind<I, P, R, A> kind, ModelCard card, int cost, boolean quick) {
        this.kind = kind;
        this.card = card;
        this.cost = cost;
        this.quick = quick;
    }

    /** Of one that reads pictures of so many pixels a side. */
    public static ClassifierCard reads(BatchKind<?, ?, ?, ?> kind, String name, int side, String... labels) {
        ClassifierCard.Picture picture = new ClassifierCard.Picture(side, side);
        return new ClassifierCard(
                name, kind.name(), "FakeForTests", List.of(labels), false, "none", picture, 7, "f32", "cpu");
    }

    /** Of one that finds faces. */
    public static FinderCard finds(int side) {
        return new FinderCard("finder", Kinds.FINDER.name(), "FakeForTests", side, 7, "f32", "cpu");
    }

    /** This model as hosts take it. */
    public final ModelRegistry.Typed<Model<I, P, R, A>> typed() {
        return new ModelRegistry.Typed<>(kind, this);
    }

    /** This model as it is served on a lane of its own. */
    public final ServedModel<I, P, R, A> on(MicroBatcher batcher, BatchPolicy policy) {
        return new ServedModel<>(kind, card, () -> this, batcher.lane(card.name(), this::run, policy, new Pace(cost)));
    }

    @Override
    public final ModelCard card() {
        return card;
    }

    @Override
    public final int expectedCost(I input) {
        return cost;
    }

    @Override
    public final boolean isQuick(I input) {
        return quick;
    }

    @Override
    public final void close() {}
}
