package dev.limbic.ops;

import static dev.limbic.ops.Refusal.refused;

import dev.limbic.ops.Recurrent.Cell;
import dev.limbic.ops.RecurrentOps.State;
import dev.limbic.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Wrong arguments of recurrent layers are refused by name. */
interface RecurrentShapeCases {
    Workbench bench();

    @Test
    default void recurrentRefusesWrongInputs() {
        Recurrent layer =
                RecurrentCase.random(bench(), Cell.GRU, 1, 4, 3, Precision.F32).layer();
        RecurrentOps ops = bench().ops().recurrence();
        Sequences five = bench().sequences(2, 3);
        refused("recurrent", () -> ops.recurrent(bench().zeros(5, 3), layer, five));
        refused("recurrent", () -> ops.recurrent(bench().zeros(4, 4), layer, five));
        refused("recurrent", () -> ops.recurrent(bench().integers(5, 4), layer, five));
    }

    @Test
    default void recurrentRefusesWrongStates() {
        RecurrentOps ops = bench().ops().recurrence();
        Sequences five = bench().sequences(2, 3);
        Tensor x = bench().zeros(5, 4);
        Tensor right = bench().zeros(2, 6);
        Recurrent gru =
                RecurrentCase.random(bench(), Cell.GRU, 2, 4, 3, Precision.F32).layer();
        Recurrent lstm =
                RecurrentCase.random(bench(), Cell.LSTM, 2, 4, 3, Precision.F32).layer();
        for (Tensor wrong : List.of(bench().zeros(3, 6), bench().zeros(2, 3), bench().integers(2, 6))) {
            refused("recurrent: expected hidden", () -> ops.recurrent(x, gru, five, new State(wrong, null)));
            refused("recurrent: expected hidden", () -> ops.recurrent(x, lstm, five, new State(wrong, right)));
            refused("recurrent: expected cell", () -> ops.recurrent(x, lstm, five, new State(right, wrong)));
        }
        refused("found one with cells", () -> ops.recurrent(x, gru, five, new State(right, right)));
        refused("found one without cells", () -> ops.recurrent(x, lstm, five, new State(right, null)));
    }

    @Test
    default void recurrentRefusesWrongWeights() {
        Weights w = bench().weights();
        var good = new Weights.Direction(
                Workbench.host(12, 4), Workbench.host(12, 3), Workbench.host(12), Workbench.host(12));
        refused("recurrent", () -> w.recurrent(Cell.LSTM, List.of(), Precision.F32));
        refused("recurrent", () -> w.recurrent(Cell.LSTM, List.of(good, good, good), Precision.F32));
        refused("recurrent", () -> w.recurrent(Cell.GRU, List.of(good), Precision.F32));
        for (var bad : List.of(
                new Weights.Direction(
                        Workbench.host(11, 4), Workbench.host(12, 3), Workbench.host(12), Workbench.host(12)),
                new Weights.Direction(
                        Workbench.host(12, 4), Workbench.host(11, 3), Workbench.host(12), Workbench.host(11)),
                new Weights.Direction(
                        Workbench.host(12, 4), Workbench.host(12), Workbench.host(12), Workbench.host(12)),
                new Weights.Direction(
                        Workbench.host(12, 4), Workbench.host(12, 3), Workbench.host(11), Workbench.host(12)),
                new Weights.Direction(
                        Workbench.host(12, 4), Workbench.host(12, 3), Workbench.host(12), Workbench.host(13)),
                new Weights.Direction(
                        Workbench.host(12, 4), Workbench.host(12, 2), Workbench.host(12), Workbench.host(12)),
                new Weights.Direction(
                        Workbench.host(12), Workbench.host(12, 3), Workbench.host(12), Workbench.host(12)))) {
            refused("recurrent", () -> w.recurrent(Cell.LSTM, List.of(bad), Precision.F32));
            refused("recurrent", () -> w.recurrent(Cell.LSTM, List.of(good, bad), Precision.F32));
        }
    }
}
