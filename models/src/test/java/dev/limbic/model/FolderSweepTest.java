package dev.limbic.model;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The Java side of {@code sweep_decoders.py} and {@code measure_precision.py} in {@code src/test/python}: for each folder
 * with a {@code case.json}, what we compute, in {@code ours.json}. They compare.
 */
class FolderSweepTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void writesWhatWeComputeOfEachFolder() throws IOException {
        String root = System.getProperty("limbic.sweep", "");
        assumeTrue(!root.isEmpty(), "run by a script in src/test/python, which says where with -Dlimbic.sweep");
        List<Path> folders;
        try (Stream<Path> all = Files.list(Path.of(root))) {
            folders = all.filter(f -> Files.exists(f.resolve("case.json")))
                    .sorted()
                    .toList();
        }
        try (Device device = new CpuDevice(1)) {
            for (Path folder : folders) {
                JsonNode wanted = MAPPER.readTree(Files.readString(folder.resolve("case.json")));
                Files.writeString(
                        folder.resolve("ours.json"),
                        ours(folder, device, wanted).toString());
            }
        }
    }

    private static ObjectNode ours(Path folder, Device device, JsonNode wanted) {
        ObjectNode result = MAPPER.createObjectNode();
        if (wanted.has("prompts")) {
            Precision precision = Precision.valueOf(System.getProperty("limbic.sweep.precision", "F32"));
            List<int[]> prompts = new ArrayList<>();
            wanted.path("prompts").forEach(each -> prompts.add(ids(each)));
            result.set("best", MAPPER.valueToTree(FolderText.best(folder, device, precision, prompts)));
            return result;
        }
        int[] prompt = ids(wanted.path("prompt"));
        try {
            FolderText text =
                    FolderText.of(folder, device, prompt, wanted.path("most").intValue());
            result.set("tokens", MAPPER.valueToTree(text.tokens()));
            result.set("logits", MAPPER.valueToTree(text.logits()));
        } catch (RuntimeException e) {
            result.put("refused", e.getClass().getSimpleName() + ": " + e.getMessage());
        }
        return result;
    }

    private static int[] ids(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }
}
