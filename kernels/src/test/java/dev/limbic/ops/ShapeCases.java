package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.ops.Recurrent.Cell;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Wrong shapes and types are refused before anything is computed, with the name of the operation. */
interface ShapeCases {
    Workbench bench();

    private static void refused(String operation, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(operation);
    }

    private Tensor rows(int t, int h) {
        return bench().device().upload(new float[t * h], t, h);
    }

    private Tensor ids(int... values) {
        return bench().device().upload(values);
    }

    /** Integers where numbers are expected; an integer matrix comes about as a view of an upload. */
    private Tensor integers(int t, int h) {
        return new Tensor(
                DType.I32,
                Shape.of(t, h),
                bench().device().upload(new int[t * h]).address());
    }

    private HostTensor host(int... dims) {
        Shape shape = Shape.of(dims);
        return HostTensor.of(shape, new float[(int) shape.elements()]);
    }

    private Tensor vector(int h) {
        return bench().weights().tensor(host(h), DType.F32);
    }

    @Test
    default void linearRefusesWrongInputs() {
        Linear linear = bench().weights().linear(host(5, 8), null, Precision.F32);
        refused("linear", () -> bench().ops().linear(rows(3, 7), linear, Activation.NONE));
        refused("linear", () -> bench().ops().linear(ids(1, 2, 3), linear, Activation.NONE));
        refused("linear", () -> bench().ops().linear(integers(3, 8), linear, Activation.NONE));
    }

    @Test
    default void linearRefusesWrongWeights() {
        Weights weights = bench().weights();
        refused("linear", () -> weights.linear(List.of(), List.of(), Precision.F32));
        refused("linear", () -> weights.linear(host(8), null, Precision.F32));
        refused("linear", () -> weights.linear(host(5, 8), host(4), Precision.F32));
        refused("linear", () -> weights.linear(List.of(host(5, 8), host(5, 7)), List.of(), Precision.F32));
        refused("linear", () -> weights.linear(List.of(host(5, 8), host(8)), List.of(), Precision.F32));
        refused("linear", () -> weights.linear(List.of(host(5, 8), host(2, 8)), List.of(host(7)), Precision.F32));
        refused(
                "linear",
                () -> weights.linear(List.of(host(5, 8), host(2, 8)), List.of(host(2), host(5)), Precision.F32));
    }

    @Test
    default void embedRefusesWrongTablesIdsAndNorms() {
        Tensor table = bench().weights().tensor(host(9, 6), DType.F32);
        Tensor narrow = bench().weights().tensor(host(9, 5), DType.F32);
        Tensor half = bench().weights().tensor(host(9, 6), DType.BF16);
        Lookup good = new Lookup(table, ids(1, 2));
        refused("embed", () -> bench().ops().embed(List.of(), null));
        refused("embed", () -> bench().ops().embed(List.of(good, new Lookup(narrow, ids(1, 2))), null));
        refused("embed", () -> bench().ops().embed(List.of(good, new Lookup(half, ids(1, 2))), null));
        refused("embed", () -> bench().ops().embed(List.of(good, new Lookup(table, ids(1))), null));
        refused("embed", () -> bench().ops().embed(List.of(new Lookup(table, rows(2, 1))), null));
        refused("embed", () -> bench().ops().embed(List.of(new Lookup(integers(9, 6), ids(1))), null));
        refused("embed", () -> bench().ops().embed(List.of(good), new Norm(vector(5), vector(6), 1e-5f)));
        refused("embed", () -> bench().ops().embed(List.of(good), new Norm(vector(6), vector(7), 1e-5f)));
    }

    @Test
    default void addLayerNormRefusesWrongShapes() {
        Norm norm = new Norm(vector(6), vector(6), 1e-5f);
        Ops ops = bench().ops();
        refused("addLayerNorm", () -> ops.addLayerNorm(rows(2, 6), rows(3, 6), norm));
        refused(
                "addLayerNorm",
                () -> ops.addLayerNorm(rows(2, 6), bench().upload(bench().normal(2, 6), DType.BF16), norm));
        refused("addLayerNorm", () -> ops.addLayerNorm(rows(2, 7), rows(2, 7), norm));
        refused("addLayerNorm", () -> ops.addLayerNorm(integers(2, 6), integers(2, 6), norm));
        Norm longBias = new Norm(vector(6), vector(7), 1e-5f);
        refused("addLayerNorm", () -> ops.addLayerNorm(rows(2, 6), rows(2, 6), longBias));
        Norm halfGain = new Norm(bench().weights().tensor(host(6), DType.BF16), vector(6), 1e-5f);
        refused("addLayerNorm", () -> ops.addLayerNorm(rows(2, 6), rows(2, 6), halfGain));
    }

    @Test
    default void attentionRefusesWrongShapes() {
        Ops ops = bench().ops();
        Sequences five = bench().sequences(2, 3);
        refused("attention", () -> ops.attention(rows(4, 24), five, 2, false));
        refused("attention", () -> ops.attention(rows(5, 25), five, 1, false));
        refused("attention", () -> ops.attention(rows(5, 24), five, 3, false));
        refused("attention", () -> ops.attention(rows(5, 24), five, 0, false));
        refused("attention", () -> ops.attention(integers(5, 24), five, 2, false));
    }

    @Test
    default void sequencesRefuseBoundsThatDoNotRise() {
        for (int[] bad : new int[][] {{}, {0}, {1, 2}, {0, 0}, {0, 3, 3}, {0, 4, 2}, {0, -1}}) {
            refused("sequences", () -> Sequences.on(bench().device(), bad));
        }
    }

    @Test
    default void gatherRowsRefusesWhatAreNoRows() {
        Ops ops = bench().ops();
        Tensor x = rows(4, 3);
        refused("gatherRows", () -> ops.gatherRows(x, rows(1, 2)));
        refused("gatherRows", () -> ops.gatherRows(x, integers(1, 2)));
    }

    @Test
    default void poolRefusesWrongShapes() {
        Ops ops = bench().ops();
        Sequences five = bench().sequences(2, 3);
        refused("pool", () -> ops.pool(rows(4, 6), five, Pooling.MEAN));
        refused("pool", () -> ops.pool(integers(5, 6), five, Pooling.MEAN));
        refused("attentionPool", () -> ops.attentionPool(rows(4, 6), rows(4, 1), five));
        refused("attentionPool", () -> ops.attentionPool(rows(5, 6), rows(4, 1), five));
        refused("attentionPool", () -> ops.attentionPool(rows(5, 6), rows(5, 2), five));
        refused("attentionPool", () -> ops.attentionPool(rows(5, 6), integers(5, 1), five));
    }

    @Test
    default void concatAndSoftmaxRefuseWrongShapes() {
        Ops ops = bench().ops();
        refused("concat", () -> ops.concat(List.of()));
        refused("concat", () -> ops.concat(List.of(rows(2, 3), rows(3, 3))));
        Tensor half = bench().upload(bench().normal(2, 6), DType.BF16);
        refused("concat", () -> ops.concat(List.of(rows(2, 3), half)));
        refused("softmax", () -> ops.softmax(integers(2, 3)));
    }

    @Test
    default void recurrentRefusesWrongInputs() {
        Recurrent layer =
                RecurrentCase.random(bench(), Cell.GRU, 1, 4, 3, Precision.F32).layer();
        Ops ops = bench().ops();
        Sequences five = bench().sequences(2, 3);
        refused("recurrent", () -> ops.recurrent(rows(5, 3), layer, five));
        refused("recurrent", () -> ops.recurrent(rows(4, 4), layer, five));
        refused("recurrent", () -> ops.recurrent(integers(5, 4), layer, five));
    }

    @Test
    default void recurrentRefusesWrongWeights() {
        Weights w = bench().weights();
        var good = new Weights.Direction(host(12, 4), host(12, 3), host(12), host(12));
        refused("recurrent", () -> w.recurrent(Cell.LSTM, List.of(), Precision.F32));
        refused("recurrent", () -> w.recurrent(Cell.LSTM, List.of(good, good, good), Precision.F32));
        refused("recurrent", () -> w.recurrent(Cell.GRU, List.of(good), Precision.F32));
        for (var bad : List.of(
                new Weights.Direction(host(11, 4), host(12, 3), host(12), host(12)),
                new Weights.Direction(host(12, 4), host(11, 3), host(12), host(11)),
                new Weights.Direction(host(12, 4), host(12), host(12), host(12)),
                new Weights.Direction(host(12, 4), host(12, 3), host(11), host(12)),
                new Weights.Direction(host(12, 4), host(12, 3), host(12), host(13)),
                new Weights.Direction(host(12, 4), host(12, 2), host(12), host(12)),
                new Weights.Direction(host(12), host(12, 3), host(12), host(12)))) {
            refused("recurrent", () -> w.recurrent(Cell.LSTM, List.of(bad), Precision.F32));
            refused("recurrent", () -> w.recurrent(Cell.LSTM, List.of(good, bad), Precision.F32));
        }
    }

    @Test
    default void aRefusalLeavesTheDeviceUsable() {
        Linear linear = bench().weights().linear(host(5, 8), null, Precision.F32);
        refused("linear", () -> bench().ops().linear(rows(3, 7), linear, Activation.NONE));
        LinearCase.random(bench(), 40, 64, 64, true, Precision.F32).check(Activation.NONE);
    }
}
