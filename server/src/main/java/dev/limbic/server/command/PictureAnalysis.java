package dev.limbic.server.command;

import dev.limbic.domain.Box;
import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.ModelCard;
import dev.limbic.preprocess.image.Annotation;
import dev.limbic.preprocess.image.Annotator;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.preprocess.image.codec.Png;
import dev.limbic.server.pipeline.AwaitedReading;
import dev.limbic.server.pipeline.FaceReading;
import dev.limbic.server.pipeline.FaceRequest;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.server.runtime.Services;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the faces of pictures and prints them; a picture in which none is found is read whole, and said to be.
 *
 * @param whole whether each picture is one face, so that nothing is searched
 * @param top labels to print
 * @param annotate where a copy with boxes and bars is written; null for none
 */
record PictureAnalysis(
        Services services,
        String model,
        String finder,
        boolean whole,
        int top,
        boolean json,
        @Nullable Path annotate) {
    private static final int BARS = 3;
    private static final CanonicalEmotion[] EMOTIONS = CanonicalEmotion.values();

    /**
     * Reads one picture.
     *
     * @throws IOException if it cannot be read or written
     * @throws LimbicException if it is no picture, or no model answers
     */
    void print(PrintStream out, Path file) throws IOException {
        Image image = new Image(new EncodedImage(Files.readAllBytes(file)));
        long started = System.nanoTime();
        FaceReading searched = read(image, whole);
        boolean unfound = searched.faces().isEmpty();
        FaceReading reading = unfound ? read(image, true) : searched;
        double millis = (System.nanoTime() - started) / 1e6;
        ModelCard card = services.catalog().faceReader(model).card();
        if (annotate != null) {
            Files.write(annotate, annotated(image, reading, card));
        }
        if (json) {
            out.println(Json.line(data(file, reading, card, unfound)));
            return;
        }
        out.printf(Locale.ROOT, "%s (%d × %d)%n", file, reading.width(), reading.height());
        if (unfound) {
            out.println("  no face found; read as if the whole picture were one:");
        }
        for (int i = 0; i < reading.faces().size(); i++) {
            FaceReading.ReadFace face = reading.faces().get(i);
            if (!whole && !unfound) {
                Box box = face.face().box();
                out.printf(
                        Locale.ROOT,
                        "  face %d, %.2f certain, at %d, %d, %d × %d%n",
                        i + 1,
                        face.face().score(),
                        Math.round(box.x() * reading.width()),
                        Math.round(box.y() * reading.height()),
                        Math.round(box.width() * reading.width()),
                        Math.round(box.height() * reading.height()));
            }
            out.print(Tables.emotions(card, face.emotions().value(), top));
        }
        out.printf(Locale.ROOT, "  %s (%s on %s), %.1f ms%n%n", card.name(), card.precision(), card.device(), millis);
    }

    private FaceReading read(Image image, boolean whole) {
        FaceRequest request = new FaceRequest(
                model, finder, image, whole ? List.of(Box.WHOLE) : List.of(), Priority.NORMAL, Long.MAX_VALUE);
        return AwaitedReading.start(services.faces(), request).await();
    }

    private static byte[] annotated(Image image, FaceReading reading, ModelCard card) {
        List<Annotation> annotations = new ArrayList<>();
        for (FaceReading.ReadFace face : reading.faces()) {
            Emotions emotions = face.emotions().value();
            List<Annotation.Bar> bars = new ArrayList<>();
            for (int id : Tables.strongest(emotions.probabilities(), BARS)) {
                bars.add(new Annotation.Bar(card.labels().get(id), emotions.probabilities()[id]));
            }
            int best = Tables.strongest(emotions.canonical(), 1).getFirst();
            String label = EMOTIONS[best].name().toLowerCase(Locale.ROOT);
            annotations.add(new Annotation(face.face().box(), label, bars));
        }
        ImageDecoder decoder = new ImageDecoder(ImageLimits.DEFAULT);
        return Png.write(
                Annotator.draw(decoder.decode(image.source(), ImageDecoder.Transparency.ON_WHITE), annotations));
    }

    /** @param unfound whether no face was found, so that the reading is of the whole picture: "whole" instead of "faces" */
    private static Map<String, Object> data(Path file, FaceReading reading, ModelCard card, boolean unfound) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("file", file.toString());
        data.put("width", reading.width());
        data.put("height", reading.height());
        List<Map<String, Object>> faces = new ArrayList<>();
        data.put("faces", faces);
        for (FaceReading.ReadFace each : reading.faces()) {
            Map<String, Object> emotions =
                    Tables.data(card, each.emotions().value(), each.emotions().truncated());
            if (unfound) {
                data.put("whole", emotions);
                continue;
            }
            Map<String, Object> face = new LinkedHashMap<>();
            Box box = each.face().box();
            face.put("box", List.of(box.x(), box.y(), box.width(), box.height()));
            face.put("score", each.face().score());
            face.putAll(emotions);
            faces.add(face);
        }
        return data;
    }
}
