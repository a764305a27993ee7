package dev.limbic.server.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;

/** Conversations of Topical-Chat (Gopalakrishnan et al. 2019) that the starter dialogue model never saw. */
public final class TopicalChat {
    /** One conversation in so many is held out of training, see {@code models/training/dialogue_data.py}. */
    private static final int HELD_OUT = 25;

    private TopicalChat() {}

    /**
     * Things somebody said, one from each of the first held-out conversations.
     *
     * @param folder holds {@code *.json.gz} as its authors publish them
     */
    public static List<String> heldOut(Path folder, int most) throws IOException {
        Map<String, JsonNode> conversations = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.json.gz")) {
            for (Path file : files) {
                try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
                    new ObjectMapper().readTree(in).properties().forEach(each -> {
                        if (isHeldOut(each.getKey())) {
                            conversations.put(each.getKey(), each.getValue());
                        }
                    });
                }
            }
        }
        if (conversations.isEmpty()) {
            throw new IOException(folder + ": expected conversations in *.json.gz, found none");
        }
        List<String> said = new ArrayList<>();
        for (JsonNode conversation : conversations.values()) {
            JsonNode turns = conversation.path("content");
            int place = 2 * (said.size() % 5);
            String text = turns.path(Math.min(place, turns.size() - 1))
                    .path("message")
                    .asText();
            if (!text.isBlank() && said.size() < most) {
                said.add(text.strip());
            }
        }
        return said;
    }

    private static boolean isHeldOut(String name) {
        CRC32 sum = new CRC32();
        sum.update(("topical_chat/" + name).getBytes(StandardCharsets.UTF_8));
        return sum.getValue() % HELD_OUT == 0;
    }
}
