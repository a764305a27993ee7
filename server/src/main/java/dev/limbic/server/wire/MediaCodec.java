package dev.limbic.server.wire;

import dev.limbic.domain.Box;
import dev.limbic.domain.ImageSource;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.domain.LimbicException;
import dev.limbic.server.pipeline.FaceReading;
import dev.limbic.server.pipeline.FaceRequest;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.v1.Face;
import dev.limbic.v1.Faces;
import dev.limbic.v1.Image;
import dev.limbic.v1.PixelFormat;
import dev.limbic.v1.RawImage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Messages of media.proto to words of the domain, and what is seen in pictures back. */
final class MediaCodec {
    private MediaCodec() {}

    /**
     * Reads a picture and where its faces are. Whether its bytes are a picture is seen where they are decoded.
     *
     * @param model name of a model that reads faces, empty for the default one
     * @throws LimbicException.Invalid if it makes no sense
     */
    static FaceRequest request(String model, Image image, Priority priority, long timeoutNanos) {
        return new FaceRequest(
                model,
                CommonCodec.name("image.finder", image.getFinder()),
                new dev.limbic.domain.Image(source(image)),
                boxes(image),
                priority,
                timeoutNanos);
    }

    /** The bytes are copied once: the domain has arrays. */
    private static ImageSource source(Image image) {
        return switch (image.getDataCase()) {
            case ENCODED -> new EncodedImage(image.getEncoded().toByteArray());
            case RAW -> raw(image.getRaw());
            case DATA_NOT_SET -> throw new LimbicException.Invalid("image has no data; set image.encoded or image.raw");
        };
    }

    private static ImageSource raw(RawImage raw) {
        ImageSource.PixelFormat format = format(raw.getFormat(), raw.getFormatValue());
        if (raw.getWidth() < 1 || raw.getHeight() < 1) {
            throw new LimbicException.Invalid("image.raw must have a width and height of at least 1, found %d × %d"
                    .formatted(raw.getWidth(), raw.getHeight()));
        }
        if (raw.getStride() < 0) {
            throw new LimbicException.Invalid(
                    "image.raw.stride must be 0 (rows without gaps) or more, found " + raw.getStride());
        }
        return new ImageSource.RawImage(
                format,
                raw.getWidth(),
                raw.getHeight(),
                raw.getStride(),
                raw.getPixels().toByteArray());
    }

    private static ImageSource.PixelFormat format(PixelFormat format, int number) {
        return switch (format) {
            case PIXEL_FORMAT_UNSPECIFIED -> throw new LimbicException.Invalid("image.raw.format is not given");
            case UNRECOGNIZED -> throw new LimbicException.Invalid("image.raw.format %d is unknown".formatted(number));
            case PIXEL_FORMAT_RGB -> ImageSource.PixelFormat.RGB;
            case PIXEL_FORMAT_RGBA -> ImageSource.PixelFormat.RGBA;
            case PIXEL_FORMAT_BGRA -> ImageSource.PixelFormat.BGRA;
            case PIXEL_FORMAT_GREY -> ImageSource.PixelFormat.GREY;
            case PIXEL_FORMAT_NV12 -> ImageSource.PixelFormat.NV12;
            case PIXEL_FORMAT_I420 -> ImageSource.PixelFormat.I420;
        };
    }

    private static List<Box> boxes(Image image) {
        int count = image.getBoxesCount();
        if (image.getWhole()) {
            if (count > 0) {
                throw new LimbicException.Invalid(
                        "image.whole says that the picture is one face, and image.boxes where its faces are; set one");
            }
            return List.of(Box.WHOLE);
        }
        if (count > FaceRequest.MOST_BOXES) {
            throw new LimbicException.Invalid(
                    "image.boxes: at most %d are possible, found %d".formatted(FaceRequest.MOST_BOXES, count));
        }
        List<Box> boxes = new ArrayList<>(count);
        for (dev.limbic.v1.Box box : image.getBoxesList()) {
            boxes.add(new Box(box.getX(), box.getY(), box.getWidth(), box.getHeight()));
        }
        return boxes;
    }

    /** All that was seen in a picture, without whose faces they are. */
    static Faces faces(FaceReading reading) {
        return faces(reading, Collections.nCopies(reading.faces().size(), ""));
    }

    /** @param subjects whose face each is */
    static Faces faces(FaceReading reading, List<String> subjects) {
        Faces.Builder faces = Faces.newBuilder();
        for (int i = 0; i < subjects.size(); i++) {
            faces.addFaces(face(reading.faces().get(i)).setSubject(subjects.get(i)));
        }
        if (reading.finder() != null) {
            faces.setFinder(reading.finder().model()).setFinderTiming(CommonCodec.timing(reading.finder()));
        }
        return faces.build();
    }

    /** One face, without whose it is. */
    static Face.Builder face(FaceReading.ReadFace read) {
        Box box = read.face().box();
        return Face.newBuilder()
                .setBox(dev.limbic.v1.Box.newBuilder()
                        .setX(box.x())
                        .setY(box.y())
                        .setWidth(box.width())
                        .setHeight(box.height()))
                .setScore(read.face().score())
                .setAnalysis(AffectCodec.analysis(read.emotions()))
                .setStateReset(read.stateReset());
    }
}
