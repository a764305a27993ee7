package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.layer.SeparableConv;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvOps;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pool2d;
import dev.limbic.ops.Pooling;
import dev.limbic.postprocess.FaceBoxes;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code TinyFaceDetector} of face-api.js (Vincent Mühler); see docs/vision-format.md: a small YOLO v2 (Redmon and Farhadi
 * 2017) of separable convolutions with pools between them.
 */
final class TinyFaceDetector {
    /** Pixels of a cell of the map, each way. */
    static final int CELL = 32;

    private static final double SLOPE = 0.1;

    /** Sides rounded up. */
    private static final Pool2d HALF = Pool2d.of(Pooling.MAX, 2, 2, Padding.SAME);

    /** Keeps the size. */
    private static final Pool2d NEIGHBOURS = Pool2d.of(Pooling.MAX, 2, 1, Padding.SAME);

    private final Conv2d first;
    private final List<SeparableConv> rest = new ArrayList<>();
    private final Conv2d head;
    private final FaceBoxes boxes;
    private final int channels;
    private final int size;
    private final int coarseFactor;
    private final int coarseSize;

    TinyFaceDetector(HfConfig config, Parameters parameters) {
        size = config.requireInt("image_size", CELL, 1 << 12);
        if (size % CELL != 0) {
            throw config.unexpected("image_size", "a multiple of " + CELL, Integer.toString(size));
        }
        coarseFactor = config.intOr("coarse_factor", 0, 2, size);
        coarseSize = coarseFactor == 0 ? 0 : config.requireInt("coarse_size", CELL, size);
        if (coarseSize % CELL != 0 || (coarseFactor > 0 && coarseSize < size / coarseFactor)) {
            throw config.unexpected(
                    "coarse_size",
                    "a multiple of " + CELL + " that holds " + size / coarseFactor + " pixels",
                    Integer.toString(coarseSize));
        }
        channels = config.requireInt("num_channels", 1, 3);
        if (config.requireDouble("leaky_slope", 0, 1) != SLOPE) {
            throw config.unsupported("leaky_slope", Double.toString(SLOPE));
        }
        int[] sizes = config.requireInts("hidden_sizes", 1, 1 << 14);
        Conv2d.Kernel kernel = new Conv2d.Kernel(channels, sizes[0], 3, 3);
        first = parameters.conv("conv0", true, kernel, Conv2d.Geometry.of(1, Padding.NONE));
        for (int i = 1; i < sizes.length; i++) {
            rest.add(SeparableConv.biased(parameters, "conv" + i, sizes[i - 1], sizes[i], 1, Padding.all(1)));
        }
        double[][] anchors = anchors(config);
        boxes = new FaceBoxes(
                anchors, config.requireDouble("score_threshold", 0, 1), config.requireDouble("iou_threshold", 0, 1));
        Conv2d.Kernel last = new Conv2d.Kernel(sizes[sizes.length - 1], FaceBoxes.VALUES * anchors.length, 1, 1);
        head = parameters.exact().conv("head", true, last, Conv2d.Geometry.of(1, Padding.NONE));
    }

    private static double[][] anchors(HfConfig config) {
        List<List<Double>> pairs = config.requireDoubleLists("anchors", 1e-3, 1e3);
        double[][] anchors = new double[pairs.size()][];
        for (int a = 0; a < anchors.length; a++) {
            if (pairs.get(a).size() != 2) {
                throw config.unexpected(
                        "anchors", "pairs of width and height", pairs.get(a).size() + " numbers");
            }
            anchors[a] = new double[] {pairs.get(a).get(0), pairs.get(a).get(1)};
        }
        return anchors;
    }

    /** What lies in each cell, f32 [N·S·S, 5·A] with S = size / 32. */
    Tensor map(Ops ops, Tensor pixels, Planes planes, PictureNetwork.Tap tap) {
        ConvOps pictures = ops.pictures();
        Tensor x = pictures.conv2d(pixels, planes, first, Activation.LEAKY_RELU); // [N·(H−2)·(W−2), C_0]
        Planes at = first.result(planes);
        tap.hidden(0, x);
        for (int i = 0; i < rest.size(); i++) {
            x = pictures.pool2d(x, at, HALF);
            at = HALF.result(at);
            x = rest.get(i).forward(pictures, x, at, Activation.LEAKY_RELU, null); // [N·H/2·W/2, C_i]
            tap.hidden(i + 1, x);
        }
        x = pictures.pool2d(x, at, NEIGHBOURS);
        return pictures.conv2d(x, at, head, Activation.NONE);
    }

    FaceBoxes boxes() {
        return boxes;
    }

    /** How much smaller a picture is looked at once more in which nothing was found; 0 if it is not. */
    int coarseFactor() {
        return coarseFactor;
    }

    /** Side of the black square that it lies in then. */
    int coarseSize() {
        return coarseSize;
    }

    int channels() {
        return channels;
    }

    int size() {
        return size;
    }
}
