package dev.limbic.server.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** The keys of the built-in file that hold a single value. */
final class DefaultKeys {
    private DefaultKeys() {}

    static List<String> of(YamlFile file) {
        List<String> keys = new ArrayList<>();
        collect("", file.root(), keys);
        return keys;
    }

    private static void collect(String path, @Nullable MappingNode mapping, List<String> keys) {
        if (mapping == null) {
            return;
        }
        for (NodeTuple tuple : mapping.getValue()) {
            String key = path + ((ScalarNode) tuple.getKeyNode()).getValue();
            if (tuple.getValueNode() instanceof MappingNode inner) {
                collect(key + ".", inner, keys);
            } else if (tuple.getValueNode() instanceof ScalarNode) {
                keys.add(key);
            }
        }
    }
}
