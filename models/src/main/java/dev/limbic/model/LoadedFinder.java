package dev.limbic.model;

import dev.limbic.domain.Face;
import dev.limbic.domain.Image;
import dev.limbic.ops.Device;
import dev.limbic.ops.Extent;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Weights;
import dev.limbic.preprocess.image.ImageProcessor;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.codec.Pixels;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Processor and network of one face finder on one device.
 *
 * @param within what pictures are fitted into
 */
record LoadedFinder(
        FinderCard card,
        ImageProcessor processor,
        ImageSettings.Within within,
        PictureInput input,
        TinyFaceDetector network,
        Device device,
        Weights weights)
        implements Model<Image, FinderInput, FaceMap, List<Face>> {
    @Override
    public FinderInput prepare(Image image) {
        Pixels pixels = processor.decode(image.source());
        return new FinderInput(processor.prepare(pixels), within.fitted(pixels.height(), pixels.width()));
    }

    @Override
    public int expectedCost(Image image) {
        return card.size() * card.size();
    }

    @Override
    public boolean isQuick(Image image) {
        return false;
    }

    @Override
    public List<FaceMap> run(List<FinderInput> rows) {
        return run(rows, PictureNetwork.Tap.NONE);
    }

    /** {@link #run(List)} with an observer of what lies between the layers. */
    List<FaceMap> run(List<FinderInput> rows, PictureNetwork.Tap tap) {
        device.beginBatch();
        Ops ops = device.ops();
        Planes planes = input.planes(rows.size());
        Tensor bytes =
                input.upload(device, rows.stream().map(FinderInput::picture).toList());
        Supplier<Tensor> work = () -> network.map(ops, input.normalised(device, bytes, planes), planes, tap);
        Tensor map = tap.equals(PictureNetwork.Tap.NONE)
                ? device.replay(network, new Extent(planes.rows(), planes.n(), planes.pixels()), work)
                : work.get(); // [N·S·S, 5·A]
        List<float[]> values = HostRows.of(device.download(map), map.columns() * map.rows() / rows.size(), rows.size());
        List<FaceMap> maps = new ArrayList<>(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            ImageSettings.Size filled = rows.get(i).filled();
            maps.add(new FaceMap(
                    values.get(i), (double) filled.width() / card.size(), (double) filled.height() / card.size()));
        }
        return maps;
    }

    @Override
    public List<Face> interpret(FaceMap map) {
        return network.boxes().faces(map.values(), card.size() / TinyFaceDetector.CELL, map.width(), map.height());
    }

    @Override
    public void close() {
        weights.close();
    }
}
