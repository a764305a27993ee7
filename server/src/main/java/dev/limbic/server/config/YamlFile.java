package dev.limbic.server.config;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * A parsed YAML file that remembers lines.
 *
 * @param name as the user gave it
 * @param root null if the file is empty
 */
record YamlFile(String name, @Nullable MappingNode root) {
    /** @throws ConfigException if it is not YAML or not a mapping */
    static YamlFile parse(String name, String text) throws ConfigException {
        LoadSettings settings =
                LoadSettings.builder().setLabel(name).setUseMarks(true).build();
        try {
            Optional<Node> node = new Compose(settings).composeString(text);
            if (node.isEmpty()) {
                return new YamlFile(name, null);
            }
            if (!(node.get() instanceof MappingNode mapping)) {
                throw new ConfigException(List.of(place(name, node.get()) + ": expected 'key: value' lines"));
            }
            return new YamlFile(name, mapping);
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(Mark::getLine).orElse(0) + 1;
            throw new ConfigException(List.of(name + ":" + line + ": not valid YAML: " + e.getProblem()));
        } catch (StackOverflowError e) {
            throw new ConfigException(List.of(name + ": not valid YAML: nested too deeply"));
        } catch (YamlEngineException e) {
            throw new ConfigException(List.of(name + ": not valid YAML: " + e.getMessage()));
        }
    }

    String place(Node node) {
        return place(name, node);
    }

    private static String place(String name, Node node) {
        return name + ":" + (node.getStartMark().map(Mark::getLine).orElse(0) + 1);
    }

    /** Value of a key, or null. */
    static @Nullable Node child(@Nullable MappingNode mapping, String key) {
        if (mapping != null) {
            for (NodeTuple tuple : mapping.getValue()) {
                if (tuple.getKeyNode() instanceof ScalarNode scalar
                        && scalar.getValue().equals(key)) {
                    return tuple.getValueNode();
                }
            }
        }
        return null;
    }
}
