package dev.limbic.ops;

import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is true of weights whatever the device, or an {@link IllegalArgumentException} naming the operation. */
public final class WeightShapes {
    private WeightShapes() {}

    /** A linear layer's columns of input and output. */
    public record Matrix(int in, int out) {}

    /** A recurrent layer's columns of input and hidden units per direction. */
    public record Cells(int in, int hidden) {}

    /** See {@link Weights#linear(List, List, Precision)}. */
    public static Matrix linear(List<HostTensor> weight, List<HostTensor> bias) {
        Checks.some("linear", weight);
        int in = columns("linear", weight.getFirst());
        int out = 0;
        for (HostTensor w : weight) {
            if (columns("linear", w) != in) {
                throw new IllegalArgumentException("linear: weights [N, " + in + "] expected, found " + w.shape());
            }
            out += w.shape().dim(0);
        }
        if (!bias.isEmpty() && bias.size() != weight.size()) {
            throw new IllegalArgumentException("linear: " + weight.size() + " biases expected, found " + bias.size());
        }
        for (int i = 0; i < bias.size(); i++) {
            int rows = weight.get(i).shape().dim(0);
            if (bias.get(i).shape().elements() != rows) {
                throw new IllegalArgumentException("linear: bias [" + rows + "] expected, found "
                        + bias.get(i).shape());
            }
        }
        return new Matrix(in, out);
    }

    /** See {@link Weights#recurrent}. */
    public static Cells recurrent(Recurrent.Cell cell, List<Weights.Direction> directions) {
        if (directions.isEmpty() || directions.size() > 2) {
            throw new IllegalArgumentException("recurrent: one or two directions expected, found " + directions.size());
        }
        int hidden = columns("recurrent", directions.getFirst().hiddenWeight());
        int in = columns("recurrent", directions.getFirst().inputWeight());
        int rows = cell.gates() * hidden;
        for (Weights.Direction d : directions) {
            expect(d.inputWeight(), Shape.of(rows, in), cell);
            expect(d.hiddenWeight(), Shape.of(rows, hidden), cell);
            expect(d.inputBias(), Shape.of(rows), cell);
            expect(d.hiddenBias(), Shape.of(rows), cell);
        }
        return new Cells(in, hidden);
    }

    /** See {@link Weights#conv2d}. */
    public static Conv2d.Kernel conv2d(HostTensor weight, @Nullable HostTensor bias, Conv2d.Geometry geometry) {
        Shape shape = picture("conv2d", weight);
        int groups = geometry.groups();
        divides("conv2d", groups, shape.dim(0));
        vector("conv2d", bias, shape.dim(0));
        return new Conv2d.Kernel(Math.multiplyExact(shape.dim(1), groups), shape.dim(0), shape.dim(2), shape.dim(3));
    }

    /** See {@link Weights#convTranspose2d}. */
    public static Conv2d.Kernel convTranspose2d(
            HostTensor weight, @Nullable HostTensor bias, ConvTranspose2d.Geometry geometry) {
        Shape shape = picture("convTranspose2d", weight);
        int groups = geometry.groups();
        divides("convTranspose2d", groups, shape.dim(0));
        int out = Math.multiplyExact(shape.dim(1), groups);
        vector("convTranspose2d", bias, out);
        return new Conv2d.Kernel(shape.dim(0), out, shape.dim(2), shape.dim(3));
    }

    private static Shape picture(String operation, HostTensor weight) {
        if (weight.shape().rank() != 4 || weight.shape().elements() == 0) {
            throw new IllegalArgumentException(
                    operation + ": weights of four dimensions, none of them 0, expected, found " + weight.shape());
        }
        return weight.shape();
    }

    private static void divides(String operation, int groups, int channels) {
        if (channels % groups != 0) {
            throw new IllegalArgumentException(
                    operation + ": groups that divide " + channels + " channels expected, found " + groups);
        }
    }

    private static void vector(String operation, @Nullable HostTensor bias, int out) {
        if (bias != null && bias.shape().elements() != out) {
            throw new IllegalArgumentException(operation + ": bias [" + out + "] expected, found " + bias.shape());
        }
    }

    private static int columns(String operation, HostTensor matrix) {
        if (matrix.shape().rank() != 2) {
            throw new IllegalArgumentException(operation + ": a matrix expected, found " + matrix.shape());
        }
        return matrix.shape().dim(1);
    }

    private static void expect(HostTensor found, Shape expected, Recurrent.Cell cell) {
        if (!found.shape().equals(expected)) {
            throw new IllegalArgumentException(
                    "recurrent: " + cell + " needs " + expected + ", found " + found.shape());
        }
    }
}
