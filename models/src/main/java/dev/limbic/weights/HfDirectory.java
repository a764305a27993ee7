package dev.limbic.weights;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A model folder as {@code save_pretrained} writes it: {@code config.json}, weights in one file or several, and the
 * tokeniser's files, which {@code dev.limbic.preprocess.text} reads from {@link #path()}. Thread-safe; tensors are
 * readable until {@link #close}.
 */
public final class HfDirectory implements AutoCloseable {
    private static final String CONFIG = "config.json";
    private static final String GENERATION_CONFIG = "generation_config.json";

    private final Path path;
    private final HfConfig config;
    private final Safetensors safetensors;
    private final WeightView weights;

    private HfDirectory(Path path, HfConfig config, Safetensors safetensors) {
        this.path = path;
        this.config = config;
        this.safetensors = safetensors;
        this.weights = WeightView.of(safetensors);
    }

    /**
     * Opens a folder: parses its configuration and maps and checks its weights.
     *
     * @throws WeightsException if it is not a folder or anything in it is wrong
     */
    public static HfDirectory open(Path path) {
        return new HfDirectory(path, config(path), Safetensors.open(path));
    }

    /**
     * Parses the configuration of a folder alone.
     *
     * @throws WeightsException if it is not a folder or its configuration is wrong
     */
    public static HfConfig config(Path path) {
        if (!Files.isDirectory(path)) {
            throw new WeightsException(
                    path + ": expected a model folder, found " + (Files.exists(path) ? "a file" : "nothing"));
        }
        Path config = path.resolve(CONFIG);
        if (!Files.exists(config)) {
            throw new WeightsException(
                    path + ": expected a model folder with " + CONFIG + ", found none" + FolderHints.of(path));
        }
        return new HfConfig(config.toString(), "", StrictJson.read(config));
    }

    /** The folder. */
    public Path path() {
        return path;
    }

    /** {@code config.json}. */
    public HfConfig config() {
        return config;
    }

    /**
     * {@code generation_config.json}, which many models do not have.
     *
     * @throws WeightsException if it is there and not valid JSON
     */
    public Optional<HfConfig> generationConfig() {
        Path file = path.resolve(GENERATION_CONFIG);
        return Files.exists(file)
                ? Optional.of(new HfConfig(file.toString(), "", StrictJson.read(file)))
                : Optional.empty();
    }

    /** All tensors; each call returns the same view, which remembers what was taken. */
    public WeightView weights() {
        return weights;
    }

    /** Unmaps the weights. */
    @Override
    public void close() {
        safetensors.close();
    }
}
