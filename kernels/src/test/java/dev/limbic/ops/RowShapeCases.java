package dev.limbic.ops;

import static dev.limbic.ops.Refusal.refused;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Wrong shapes and types of operations on rows are refused by name. */
interface RowShapeCases {
    Workbench bench();

    private Tensor vector(int h) {
        return bench().weights().tensor(Workbench.host(h), DType.F32);
    }

    @Test
    default void linearRefusesWrongInputs() {
        Linear linear = bench().weights().linear(Workbench.host(5, 8), null, Precision.F32);
        refused("linear", () -> bench().ops().rows().linear(bench().zeros(3, 7), linear, Activation.NONE));
        refused("linear", () -> bench().ops().rows().linear(bench().ids(1, 2, 3), linear, Activation.NONE));
        refused("linear", () -> bench().ops().rows().linear(bench().integers(3, 8), linear, Activation.NONE));
    }

    @Test
    default void linearRefusesWrongWeights() {
        Weights weights = bench().weights();
        refused("linear", () -> weights.linear(List.of(), List.of(), Precision.F32));
        refused("linear", () -> weights.linear(Workbench.host(8), null, Precision.F32));
        refused("linear", () -> weights.linear(Workbench.host(5, 8), Workbench.host(4), Precision.F32));
        refused(
                "linear",
                () -> weights.linear(List.of(Workbench.host(5, 8), Workbench.host(5, 7)), List.of(), Precision.F32));
        refused(
                "linear",
                () -> weights.linear(List.of(Workbench.host(5, 8), Workbench.host(8)), List.of(), Precision.F32));
        refused(
                "linear",
                () -> weights.linear(
                        List.of(Workbench.host(5, 8), Workbench.host(2, 8)),
                        List.of(Workbench.host(7)),
                        Precision.F32));
        refused(
                "linear",
                () -> weights.linear(
                        List.of(Workbench.host(5, 8), Workbench.host(2, 8)),
                        List.of(Workbench.host(2), Workbench.host(5)),
                        Precision.F32));
    }

    @Test
    default void embedRefusesWrongTablesIdsAndNorms() {
        Tensor table = bench().weights().tensor(Workbench.host(9, 6), DType.F32);
        Tensor narrow = bench().weights().tensor(Workbench.host(9, 5), DType.F32);
        Tensor half = bench().weights().tensor(Workbench.host(9, 6), DType.BF16);
        Lookup good = new Lookup(table, bench().ids(1, 2));
        refused(
                "embed: 1 to 3 lookups expected, found 0",
                () -> bench().ops().rows().embed(List.of(), null));
        refused(
                "embed: 1 to 3 lookups expected, found 4",
                () -> bench().ops().rows().embed(List.of(good, good, good, good), null));
        refused("embed", () -> bench().ops().rows().embed(List.of(good, new Lookup(narrow, bench().ids(1, 2))), null));
        refused("embed", () -> bench().ops().rows().embed(List.of(good, new Lookup(half, bench().ids(1, 2))), null));
        refused("embed", () -> bench().ops().rows().embed(List.of(good, new Lookup(table, bench().ids(1))), null));
        refused("embed", () -> bench().ops().rows().embed(List.of(new Lookup(table, bench().zeros(2, 1))), null));
        refused(
                "embed",
                () -> bench().ops().rows().embed(List.of(new Lookup(bench().integers(9, 6), bench().ids(1))), null));
        refused("embed", () -> bench().ops().rows().embed(List.of(good), new Norm(vector(5), vector(6), 1e-5f)));
        refused("embed", () -> bench().ops().rows().embed(List.of(good), new Norm(vector(6), vector(7), 1e-5f)));
    }

    @Test
    default void addLayerNormRefusesWrongShapes() {
        Norm norm = new Norm(vector(6), vector(6), 1e-5f);
        RowOps ops = bench().ops().rows();
        refused("addLayerNorm", () -> ops.addLayerNorm(bench().zeros(2, 6), bench().zeros(3, 6), norm));
        refused(
                "addLayerNorm",
                () -> ops.addLayerNorm(bench().zeros(2, 6), bench().upload(bench().normal(2, 6), DType.BF16), norm));
        refused("addLayerNorm", () -> ops.addLayerNorm(bench().zeros(2, 7), bench().zeros(2, 7), norm));
        refused("addLayerNorm", () -> ops.addLayerNorm(bench().integers(2, 6), bench().integers(2, 6), norm));
        Norm longBias = new Norm(vector(6), vector(7), 1e-5f);
        refused("addLayerNorm", () -> ops.addLayerNorm(bench().zeros(2, 6), bench().zeros(2, 6), longBias));
        Norm halfGain = new Norm(bench().weights().tensor(Workbench.host(6), DType.BF16), vector(6), 1e-5f);
        refused("addLayerNorm", () -> ops.addLayerNorm(bench().zeros(2, 6), bench().zeros(2, 6), halfGain));
    }

    @Test
    default void normsSumsAndGatesRefuseWrongShapes() {
        RowOps ops = bench().ops().rows();
        refused("layerNorm", () -> ops.layerNorm(bench().zeros(3, 8), new Norm(vector(8), vector(7), 1e-5f)));
        refused("layerNorm", () -> ops.layerNorm(bench().integers(3), new Norm(vector(1), vector(1), 1e-5f)));
        refused("rmsNorm", () -> ops.rmsNorm(bench().zeros(3, 8), vector(7), 1e-5f));
        refused("rmsNorm", () -> ops.rmsNorm(bench().zeros(3, 8), bench().integers(8), 1e-5f));
        refused("add", () -> ops.add(bench().zeros(3, 8), bench().zeros(3, 7)));
        refused("add", () -> ops.add(bench().zeros(3, 8), bench().zeros(2, 8)));
        refused("add", () -> ops.add(bench().integers(8), bench().integers(8)));
        refused("swiGlu", () -> ops.swiGlu(bench().zeros(3, 7)));
        refused("swiGlu", () -> ops.swiGlu(bench().integers(8)));
    }

    @Test
    default void gatherRowsRefusesWhatAreNoRows() {
        RowOps ops = bench().ops().rows();
        Tensor x = bench().zeros(4, 3);
        refused("gatherRows", () -> ops.gatherRows(x, bench().zeros(1, 2)));
        refused("gatherRows", () -> ops.gatherRows(x, bench().integers(1, 2)));
    }

    @Test
    default void poolRefusesWrongShapes() {
        RowOps ops = bench().ops().rows();
        Sequences five = bench().sequences(2, 3);
        refused("pool", () -> ops.pool(bench().zeros(4, 6), five, Pooling.MEAN));
        refused("pool", () -> ops.pool(bench().integers(5, 6), five, Pooling.MEAN));
        refused("attentionPool", () -> ops.attentionPool(bench().zeros(4, 6), bench().zeros(4, 1), five));
        refused("attentionPool", () -> ops.attentionPool(bench().zeros(5, 6), bench().zeros(4, 1), five));
        refused("attentionPool", () -> ops.attentionPool(bench().zeros(5, 6), bench().zeros(5, 2), five));
        refused("attentionPool", () -> ops.attentionPool(bench().zeros(5, 6), bench().integers(5, 1), five));
    }

    @Test
    default void concatAndSoftmaxRefuseWrongShapes() {
        RowOps ops = bench().ops().rows();
        refused("concat", () -> ops.concat(List.of()));
        refused("concat", () -> ops.concat(List.of(bench().zeros(2, 3), bench().zeros(3, 3))));
        Tensor half = bench().upload(bench().normal(2, 6), DType.BF16);
        refused("concat", () -> ops.concat(List.of(bench().zeros(2, 3), half)));
        refused("softmax", () -> ops.softmax(bench().integers(2, 3)));
    }

    @Test
    default void sequencesRefuseBoundsThatDoNotRise() {
        for (int[] bad : new int[][] {{}, {0}, {1, 2}, {0, 0}, {0, 3, 3}, {0, 4, 2}, {0, -1}}) {
            refused("sequences", () -> Sequences.on(bench().device(), bad));
        }
    }

    @Test
    default void aRefusalLeavesTheDeviceUsable() {
        Linear linear = bench().weights().linear(Workbench.host(5, 8), null, Precision.F32);
        refused("linear", () -> bench().ops().rows().linear(bench().zeros(3, 7), linear, Activation.NONE));
        LinearCase.random(bench(), 40, 64, 64, true, Precision.F32).check(Activation.NONE);
    }
}
