package dev.limbic.preprocess.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.preprocess.image.ImageSettings.Resize;
import dev.limbic.preprocess.image.ImageSettings.ShortestEdge;
import dev.limbic.preprocess.image.ImageSettings.Size;
import dev.limbic.preprocess.image.ImageSettings.Within;
import dev.limbic.preprocess.image.codec.ImageDecoder.Transparency;
import dev.limbic.weights.StrictJson;
import dev.limbic.weights.WeightsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code preprocessor_config.json} as transformers 5 does with the class that it names: keys that are absent or null
 * have the class's default. A key or value that would change pictures in a way that is not followed is refused by name.
 */
public final class ProcessorConfig {
    private static final String NAME = "preprocessor_config.json";
    private static final int MAX_SIDE = 4096;

    /** ConvNeXt's pictures of at least this size are not cut. */
    private static final int CONVNEXT_WHOLE = 384;

    private static final double CONVNEXT_SHARE = 224 / 256.0;
    private static final double HALF = 0.5;

    /** Keys that are followed. */
    private static final Set<String> FOLLOWED = Set.of(
            "do_resize",
            "size",
            "default_to_square",
            "resample",
            "crop_pct",
            "do_center_crop",
            "crop_size",
            "do_rescale",
            "rescale_factor",
            "rescale_offset",
            "include_top",
            "do_normalize",
            "image_mean",
            "image_std",
            "do_convert_rgb",
            "do_grayscale",
            "do_pad",
            "pad_size");

    /** Keys that say nothing about pixels, or only with another that is refused. */
    private static final Set<String> SILENT = Set.of(
            "image_processor_type",
            "feature_extractor_type",
            "processor_class",
            "transformers_version",
            "_valid_processor_keys",
            "data_format",
            "input_data_format",
            "device",
            "return_tensors",
            "disable_grouping",
            "image_seq_length");

    private final Path file;
    private final ObjectNode json;
    private final ProcessorClass kind;
    private final int channels;

    private ProcessorConfig(Path file, ObjectNode json, ProcessorClass kind, int channels) {
        this.file = file;
        this.json = json;
        this.kind = kind;
        this.channels = channels;
    }

    /**
     * The settings of a model folder.
     *
     * @param channels that the model reads, 3 for RGB or 1 for grey
     * @throws WeightsException if the file is missing or damaged or asks for what is not followed
     */
    public static ImageSettings read(Path folder, int channels) {
        Path file = folder.resolve(NAME);
        ObjectNode json = StrictJson.read(file);
        ProcessorConfig config = new ProcessorConfig(file, json, kind(folder, file, json), channels);
        config.requireKnownKeys();
        return config.settings();
    }

    private static ProcessorClass kind(Path folder, Path file, ObjectNode json) {
        for (String key : new String[] {"image_processor_type", "feature_extractor_type"}) {
            if (json.hasNonNull(key)) {
                ProcessorClass named = ProcessorClass.named(json.get(key).asText());
                if (named == null) {
                    throw new WeightsException(file + ": key '" + key
                            + "': expected ViT-, ConvNext- or EfficientNetImageProcessor, found "
                            + StrictJson.kind(json.get(key)));
                }
                return named;
            }
        }
        Path config = folder.resolve("config.json");
        String type = Files.exists(config)
                ? StrictJson.read(config).path("model_type").asText()
                : "";
        ProcessorClass named = ProcessorClass.ofModel(type);
        if (named == null) {
            throw new WeightsException(file + ": expected key 'image_processor_type', or a model_type in " + config
                    + " that goes with one, found neither");
        }
        return named;
    }

    private void requireKnownKeys() {
        json.properties().forEach(entry -> {
            String key = entry.getKey();
            JsonNode value = entry.getValue();
            boolean off = value.isNull() || (value.isBoolean() && !value.booleanValue());
            if (!FOLLOWED.contains(key) && !SILENT.contains(key) && !off) {
                throw refused(key, "that it is absent, null or false", value);
            }
        });
    }

    private WeightsException refused(String key, String expected, JsonNode found) {
        return new WeightsException(
                file + ": key '" + key + "': expected " + expected + ", found " + StrictJson.kind(found));
    }

    private ImageSettings settings() {
        // A model of one channel reads grey pictures; transformers fails at others unless the key is there.
        if (flag("do_grayscale", false) && channels != 1) {
            throw refused(
                    "do_grayscale",
                    "false, since the model reads " + channels + " channels,",
                    json.path("do_grayscale"));
        }
        if (flag("do_pad", false)) {
            return padded();
        }
        Size crop = flag("do_center_crop", false) ? exact("crop_size", kind.cropSize) : null;
        Resize resize = flag("do_resize", true) ? resize() : null;
        if (kind == ProcessorClass.CONVNEXT && resize instanceof ShortestEdge edge) {
            if (edge.pixels() >= CONVNEXT_WHOLE) {
                resize = new Size(edge.pixels(), edge.pixels());
            } else {
                if (crop != null) {
                    throw refused("do_center_crop", "false, since crop_pct cuts already,", json.get("do_center_crop"));
                }
                crop = new Size(edge.pixels(), edge.pixels());
                double share = number("crop_pct", CONVNEXT_SHARE);
                if (!(share > 0 && edge.pixels() / share <= MAX_SIDE)) {
                    throw refused("crop_pct", "a share of the picture", json.path("crop_pct"));
                }
                resize = new ShortestEdge((int) (edge.pixels() / share));
            }
        }
        if (crop == null && !(resize instanceof Size)) {
            throw new WeightsException(
                    file + ": expected one size for all pictures, from key 'size' with height and width"
                            + " or from 'do_center_crop', found neither");
        }
        Transparency transparency = flag("do_convert_rgb", false) ? Transparency.ON_WHITE : Transparency.DROPPED;
        return new ImageSettings(resize, filter(), crop, channels, normalisation(), transparency);
    }

    /** Of the face finder: proportions are kept, and black fills what is left below and to the right. */
    private ImageSettings padded() {
        if (kind != ProcessorClass.OURS) {
            throw refused("do_pad", "that it is absent, null or false", json.path("do_pad"));
        }
        Size pad = exact("pad_size", 0);
        JsonNode size = json.path("size");
        if (!size.isObject() || size.size() != 2 || !size.has("max_height") || !size.has("max_width")) {
            throw refused("size", "max_height and max_width", size);
        }
        Within within = new Within(
                side("size.max_height", size.get("max_height")), side("size.max_width", size.get("max_width")));
        if (within.height() > pad.height() || within.width() > pad.width()) {
            throw refused("pad_size", "at least size", json.path("pad_size"));
        }
        return new ImageSettings(within, filter(), pad, channels, normalisation(), Transparency.DROPPED);
    }

    private Resize resize() {
        JsonNode size = json.path("size");
        boolean square = flag("default_to_square", kind.square);
        if (isEmpty(size)) {
            return kind.square ? new Size(kind.size, kind.size) : new ShortestEdge(kind.size);
        }
        if (size.isInt() && !square) {
            return new ShortestEdge(side("size", size));
        }
        if (size.isObject() && size.has("shortest_edge")) {
            if (size.size() != 1) {
                throw refused("size", "shortest_edge alone", size);
            }
            return new ShortestEdge(side("size.shortest_edge", size.get("shortest_edge")));
        }
        if (kind == ProcessorClass.CONVNEXT) {
            throw refused("size", "a number or shortest_edge", size);
        }
        return exact("size", kind.size);
    }

    /** @param otherwise side of a square; 0 for none */
    private Size exact(String key, int otherwise) {
        JsonNode size = json.path(key);
        if (isEmpty(size) && otherwise > 0) {
            return new Size(otherwise, otherwise);
        }
        if (size.isInt()) {
            return new Size(side(key, size), side(key, size));
        }
        if (size.isArray() && size.size() == 2) {
            return new Size(side(key, size.get(0)), side(key, size.get(1)));
        }
        if (size.isObject() && size.size() == 2 && size.has("height") && size.has("width")) {
            return new Size(side(key + ".height", size.get("height")), side(key + ".width", size.get("width")));
        }
        throw refused(key, "a number, or height and width", size);
    }

    private int side(String key, JsonNode value) {
        if (!value.isInt() || value.intValue() < 1 || value.intValue() > MAX_SIDE) {
            throw refused(key, "1 to " + MAX_SIDE + " pixels", value);
        }
        return value.intValue();
    }

    private ResizeFilter filter() {
        JsonNode value = json.path("resample");
        if (isEmpty(value)) {
            return kind.filter;
        }
        ResizeFilter filter = value.isInt() ? ResizeFilter.of(value.intValue()) : null;
        if (filter == null) {
            throw refused("resample", "0 (nearest), 2 (bilinear) or 3 (bicubic)", value);
        }
        return filter;
    }

    /** All steps in one: rescaled, shifted, normalised and, of EfficientNet, divided once more. */
    private Normalisation normalisation() {
        boolean rescales = flag("do_rescale", true);
        double factor = rescales ? number("rescale_factor", 1 / 255.0) : 1;
        boolean efficientNet = kind == ProcessorClass.EFFICIENTNET;
        double offset = rescales && efficientNet && flag("rescale_offset", false) ? 1 : 0;
        boolean normalises = flag("do_normalize", true);
        boolean again = efficientNet && flag("include_top", true);
        double[] means = numbers("image_mean");
        double[] deviations = numbers("image_std");
        float[] mean = new float[channels];
        float[] std = new float[channels];
        for (int c = 0; c < channels; c++) {
            double deviation = (normalises ? deviations[c] : 1) * (again ? deviations[c] : 1);
            mean[c] = (float) (((normalises ? means[c] : 0) + offset) / factor);
            std[c] = (float) (deviation / factor);
            if (!Float.isFinite(mean[c]) || !Float.isFinite(std[c]) || std[c] == 0) {
                throw new WeightsException(
                        file + ": expected that rescale_factor, image_mean and image_std give numbers," + " found mean "
                                + mean[c] + " and deviation " + std[c]);
            }
        }
        return new Normalisation(mean, std);
    }

    private double[] numbers(String key) {
        JsonNode value = json.path(key);
        double[] numbers = new double[channels];
        if (isEmpty(value) || value.isNumber()) {
            Arrays.fill(numbers, value.isNumber() ? value.doubleValue() : HALF);
            return numbers;
        }
        if (!value.isArray() || value.size() != channels) {
            throw refused(key, channels + " numbers", value);
        }
        for (int c = 0; c < channels; c++) {
            if (!value.get(c).isNumber()) {
                throw refused(key, channels + " numbers", value.get(c));
            }
            numbers[c] = value.get(c).doubleValue();
        }
        return numbers;
    }

    private double number(String key, double otherwise) {
        JsonNode value = json.path(key);
        if (isEmpty(value)) {
            return otherwise;
        }
        if (!value.isNumber()) {
            throw refused(key, "a number", value);
        }
        return value.doubleValue();
    }

    private boolean flag(String key, boolean otherwise) {
        JsonNode value = json.path(key);
        if (isEmpty(value)) {
            return otherwise;
        }
        if (!value.isBoolean()) {
            throw refused(key, "true or false", value);
        }
        return value.booleanValue();
    }

    private static boolean isEmpty(@Nullable JsonNode value) {
        return value == null || value.isNull() || value.isMissingNode();
    }
}
