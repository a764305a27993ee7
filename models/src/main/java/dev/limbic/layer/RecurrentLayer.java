package dev.limbic.layer;

import dev.limbic.ops.Recurrent;
import dev.limbic.ops.Weights;
import java.util.ArrayList;
import java.util.List;

/** Reads one layer of PyTorch's {@code nn.LSTM} or {@code nn.GRU}. */
public final class RecurrentLayer {
    private RecurrentLayer() {}

    /**
     * Layer {@code k}.
     *
     * @param parameters below the module's name
     * @param in columns of the layer's input
     * @param hidden units per direction
     */
    public static Recurrent load(
            Parameters parameters, Recurrent.Cell cell, int k, int in, int hidden, boolean bidirectional) {
        int rows = cell.gates() * hidden;
        List<Weights.Direction> directions = new ArrayList<>();
        for (String suffix : bidirectional ? List.of("", "_reverse") : List.of("")) {
            String layer = "_l" + k + suffix;
            directions.add(new Weights.Direction(
                    parameters.view().tensor("weight_ih" + layer, rows, in),
                    parameters.view().tensor("weight_hh" + layer, rows, hidden),
                    parameters.view().tensor("bias_ih" + layer, rows),
                    parameters.view().tensor("bias_hh" + layer, rows)));
        }
        return parameters.weights().recurrent(cell, directions, parameters.precision());
    }
}
