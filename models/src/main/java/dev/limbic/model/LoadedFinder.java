package dev.limbic.model;

import dev.limbic.domain.Face;
import dev.limbic.domain.Image;
import dev.limbic.ops.Device;
import dev.limbic.ops.PictureWork;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Weights;
import dev.limbic.preprocess.image.ImageProcessor;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.preprocess.image.codec.Pixels;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

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

    /**
     * {@link #run(List)} with an observer of what lies between the layers. A face that fills a picture is larger than any that
     * the network knows, so pictures without faces are looked at once more, smaller.
     */
    List<FaceMap> run(List<FinderInput> rows, PictureNetwork.Tap tap) {
        List<FaceMap> maps = maps(input, rows.stream().map(FinderInput::picture).toList(), rows, card.size(), tap);
        int factor = network.coarseFactor();
        if (factor == 0) {
            return maps;
        }
        int[] empty = IntStream.range(0, maps.size())
                .filter(i -> isEmpty(maps.get(i)))
                .toArray();
        if (empty.length > 0) {
            int side = network.coarseSize();
            List<FinderInput> again = IntStream.of(empty).mapToObj(rows::get).toList();
            List<FaceMap> coarse = maps(
                    input.ofSide(side),
                    again.stream().map(row -> row.smaller(factor, side)).toList(),
                    again,
                    factor * side,
                    PictureNetwork.Tap.NONE);
            for (int i = 0; i < empty.length; i++) {
                maps.set(empty[i], coarse.get(i));
            }
        }
        return maps;
    }

    /** @param whole side of what was looked at, in the pixels that {@link FinderInput#filled} is told in */
    private List<FaceMap> maps(
            PictureInput input,
            List<PreparedImage> pictures,
            List<FinderInput> rows,
            int whole,
            PictureNetwork.Tap tap) {
        device.beginBatch();
        Planes planes = input.planes(rows.size());
        Tensor bytes = input.upload(device, pictures);
        PictureWork work =
                (ops, x, size) -> network.map(ops, input.normalised(ops, x, size), size, tap); // [N·S·S, 5·A]
        Tensor map = tap.equals(PictureNetwork.Tap.NONE)
                ? device.each(network, bytes, planes, work)
                : work.run(device.ops(), bytes, planes);
        List<float[]> values = HostRows.of(device.download(map), map.columns() * map.rows() / rows.size(), rows.size());
        List<FaceMap> maps = new ArrayList<>(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            ImageSettings.Size filled = rows.get(i).filled();
            maps.add(new FaceMap(
                    values.get(i),
                    planes.w() / TinyFaceDetector.CELL,
                    (double) filled.width() / whole,
                    (double) filled.height() / whole));
        }
        return maps;
    }

    private boolean isEmpty(FaceMap map) {
        return network.boxes().none(map.values(), map.cells(), map.width(), map.height());
    }

    @Override
    public List<Face> interpret(FaceMap map) {
        return network.boxes().faces(map.values(), map.cells(), map.width(), map.height());
    }

    @Override
    public void close() {
        weights.close();
    }
}
