package dev.limbic.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.preprocess.text.TokenizerException;
import dev.limbic.weights.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What this engine makes of classifiers, for scripts that compare it with transformers: reads {@code inputs.json} (a list of
 * texts) in each folder named, and writes {@code answers.json} beside it: {@code labels}, {@code ids}, {@code logits} and
 * {@code probabilities} of each text alone in f32, or {@code refused} with the message.
 */
final class FolderAnswers {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private FolderAnswers() {}

    public static void main(String[] folders) throws IOException {
        try (Device device = new CpuDevice(Runtime.getRuntime().availableProcessors())) {
            for (String folder : folders) {
                Path path = Path.of(folder);
                Files.writeString(
                        path.resolve("answers.json"), answers(path, device).toString());
            }
        }
    }

    private static ObjectNode answers(Path folder, Device device) throws IOException {
        ObjectNode answers = MAPPER.createObjectNode();
        try (Model<Text, Encoding, float[], Emotions> model =
                Kinds.TEXT.load(new Loading(folder, "model", device, Precision.F32))) {
            model.card().labels().forEach(answers.putArray("labels")::add);
            answers.put("taxonomy", ((ClassifierCard) model.card()).taxonomy());
            ArrayNode ids = answers.putArray("ids");
            ArrayNode logits = answers.putArray("logits");
            ArrayNode probabilities = answers.putArray("probabilities");
            for (JsonNode text : MAPPER.readTree(Files.readString(folder.resolve("inputs.json")))) {
                Encoding encoding = model.prepare(new Text(text.textValue()));
                float[] row = model.run(List.of(encoding)).getFirst();
                Emotions emotions = model.interpret(row);
                ids.add(MAPPER.valueToTree(encoding.ids()));
                logits.add(MAPPER.valueToTree(row));
                probabilities.add(MAPPER.valueToTree(emotions.probabilities()));
            }
        } catch (WeightsException | TokenizerException | LimbicException refusal) {
            answers.removeAll();
            answers.put("refused", refusal.getMessage());
        }
        return answers;
    }
}
