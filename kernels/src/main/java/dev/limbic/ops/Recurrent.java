package dev.limbic.ops;

/** One recurrent layer, of one or two directions, as a device likes it best. Owned by {@link Weights}. */
public interface Recurrent {
    /** The cell's equations, with PyTorch's gate order. */
    enum Cell {
        /** Gates input, forget, cell, output. */
        LSTM(4),
        /** Gates reset, update, new; the reset gate acts on the hidden product, bias included. */
        GRU(3);

        private final int gates;

        Cell(int gates) {
            this.gates = gates;
        }

        /** Number of gates: rows of the weights are gates × hidden. */
        public int gates() {
            return gates;
        }
    }

    Cell cell();

    /** Columns of the input. */
    int in();

    /** Hidden units per direction. */
    int hidden();

    /** 1, or 2 for forward and backward side by side. */
    int directions();
}
