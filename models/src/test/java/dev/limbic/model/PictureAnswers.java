package dev.limbic.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.domain.LimbicException;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.weights.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What this engine makes of classifiers of pictures, for {@code sweep_vision.py}: reads {@code 0.png}, {@code 1.png}, … in
 * each folder named, and writes {@code answers.json} beside them: {@code labels}, and {@code logits} and {@code probabilities}
 * of each picture alone in f32, or {@code refused} with the message.
 */
final class PictureAnswers {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private PictureAnswers() {}

    public static void main(String[] folders) throws IOException {
        try (Device device = new CpuDevice(1)) {
            for (String folder : folders) {
                Path path = Path.of(folder);
                Files.writeString(
                        path.resolve("answers.json"), answers(path, device).toString());
            }
        }
    }

    private static List<Path> pictures(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".png"))
                    .sorted()
                    .toList();
        }
    }

    private static ObjectNode answers(Path folder, Device device) throws IOException {
        ObjectNode answers = MAPPER.createObjectNode();
        try (Model<Image, PreparedImage, float[], Emotions> model =
                Kinds.IMAGE.load(new Loading(folder, "model", device, Precision.F32))) {
            model.card().labels().forEach(answers.putArray("labels")::add);
            ArrayNode logits = answers.putArray("logits");
            ArrayNode probabilities = answers.putArray("probabilities");
            for (Path file : pictures(folder)) {
                Image image = new Image(new EncodedImage(Files.readAllBytes(file)));
                float[] row = model.run(List.of(model.prepare(image))).getFirst();
                logits.add(MAPPER.valueToTree(row));
                probabilities.add(MAPPER.valueToTree(model.interpret(row).probabilities()));
            }
        } catch (WeightsException | LimbicException refusal) {
            answers.removeAll();
            answers.put("refused", refusal.getMessage());
        }
        return answers;
    }
}
