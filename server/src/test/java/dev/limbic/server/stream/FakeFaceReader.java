package dev.limbic.server.stream;

import dev.limbic.domain.Box;
import dev.limbic.domain.Cause;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Face;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.StreamSlots;
import dev.limbic.domain.StreamState;
import dev.limbic.model.BatchKind;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.FaceReader;
import dev.limbic.server.pipeline.FaceReading;
import dev.limbic.server.pipeline.FaceRequest;
import dev.limbic.server.pipeline.Pending;
import dev.limbic.server.pipeline.Priority;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads pictures when the test says so; the bytes of a picture are its frame's name. The model "video" remembers faces. */
final class FakeFaceReader implements FaceReader {
    static final int SLOTS = 70;

    private final Map<String, FaceReading.Receiver> receivers = new LinkedHashMap<>();
    private final List<FaceRequest> requests = new ArrayList<>();
    private final Map<String, FaceRequest> reading = new LinkedHashMap<>();
    private final List<String> cancelled = new ArrayList<>();
    private final StreamSlots slots = new StreamSlots(SLOTS);
    private final List<List<@Nullable StreamState>> states = new ArrayList<>();
    private @Nullable LimbicException refusal;

    static StreamFrame frame(String subject, String id, long clientMicros) {
        return frame("", subject, id, clientMicros);
    }

    static StreamFrame frame(String model, String subject, String id, long clientMicros) {
        Image image = new Image(new EncodedImage(id.getBytes(StandardCharsets.UTF_8)));
        return new StreamFrame(
                new Cause(id, clientMicros, subject),
                new FaceRequest(model, "", image, List.of(), Priority.NORMAL, Long.MAX_VALUE));
    }

    static String name(FaceRequest request) {
        return new String(request.image().source().bytes(), StandardCharsets.UTF_8);
    }

    /** A face for each box, of which the model says this. */
    static FaceReading reading(float logit, Box... boxes) {
        List<FaceReading.ReadFace> faces = new ArrayList<>();
        for (Box box : boxes) {
            faces.add(new FaceReading.ReadFace(
                    new Face(box, 1),
                    new Answer<>(
                            "reader",
                            meaning(new float[] {logit, 0}),
                            1,
                            BatchKind.Unit.PIXELS,
                            false,
                            new Answer.Timing(1, 1, 0, 0, 0, 0)),
                    false));
        }
        return new FaceReading(10, 10, faces, null);
    }

    private static Emotions meaning(float[] logits) {
        return new Emotions(logits, logits, List.of(0), new float[8], null, logits[0] / 10);
    }

    @Override
    public void requireServed(String model, String finder) {
        if (model.equals("nobody")) {
            throw new LimbicException.NotFound("nobody");
        }
    }

    @Override
    public Pending read(FaceRequest request, FaceReading.Receiver receiver) {
        requests.add(request);
        if (refusal != null) {
            LimbicException thrown = refusal;
            refusal = null;
            throw thrown;
        }
        receivers.put(name(request), receiver);
        reading.put(name(request), request);
        return () -> cancelled.add(name(request));
    }

    @Override
    public Optional<StreamSlots> slots(String model) {
        return model.equals("video") ? Optional.of(slots) : Optional.empty();
    }

    @Override
    public Emotions meaning(String model, float[] logits) {
        return meaning(logits);
    }

    /** Places for what is remembered. */
    StreamSlots slots() {
        return slots;
    }

    /** What was remembered of the faces of each frame. */
    List<List<@Nullable StreamState>> states() {
        return states;
    }

    /** What was asked. */
    List<FaceRequest> requests() {
        return requests;
    }

    /** Refuses the next picture. */
    void refuse(LimbicException why) {
        refusal = why;
    }

    /** Frames that are being read, the oldest first. */
    List<String> pending() {
        return List.copyOf(receivers.keySet());
    }

    List<String> cancelled() {
        return cancelled;
    }

    /** Answers the oldest with a face that fills the picture, or one for each box. */
    void answer(float logit, Box... boxes) {
        answer(pending().getFirst(), logit, boxes);
    }

    void answer(String id, float logit, Box... boxes) {
        FaceReading told = reading(logit, boxes.length == 0 ? new Box[] {Box.WHOLE} : boxes);
        FaceReading.Receiver receiver = Objects.requireNonNull(receivers.remove(id));
        if (Objects.requireNonNull(reading.get(id)).model().equals("video")) {
            List<Face> faces =
                    told.faces().stream().map(FaceReading.ReadFace::face).toList();
            try {
                states.add(Objects.requireNonNull(reading.get(id)).states().of(faces));
            } catch (LimbicException e) {
                receiver.failed(e);
                return;
            }
        }
        receiver.read(told);
    }

    /** Answers all that are being read now. */
    void answerAll() {
        pending().forEach(id -> answer(id, 1));
    }

    void fail(String id, LimbicException why) {
        Objects.requireNonNull(receivers.remove(id)).failed(why);
    }
}
