package dev.limbic.preprocess.image;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The image processors of transformers that are followed, with what they do where a folder does not say. */
enum ProcessorClass {
    VIT("ViT", ResizeFilter.BILINEAR, true, 224, 0),
    CONVNEXT("ConvNext", ResizeFilter.BICUBIC, false, 384, 0),
    EFFICIENTNET("EfficientNet", ResizeFilter.BICUBIC, true, 346, 289);

    /** Of this version and its predecessors, whatever library computes it. */
    private static final List<String> SUFFIXES =
            List.of("ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor");

    private final String prefix;
    final ResizeFilter filter;

    /** Whether a size that is one number means a square, and not the shorter side. */
    final boolean square;

    final int size;

    /** Side of a square; 0 where a folder has to say it. */
    final int cropSize;

    ProcessorClass(String prefix, ResizeFilter filter, boolean square, int size, int cropSize) {
        this.prefix = prefix;
        this.filter = filter;
        this.square = square;
        this.size = size;
        this.cropSize = cropSize;
    }

    /** The class that a folder names, or null for another one. */
    static @Nullable ProcessorClass named(String name) {
        for (ProcessorClass each : values()) {
            if (SUFFIXES.stream().anyMatch(suffix -> name.equals(each.prefix + suffix))) {
                return each;
            }
        }
        return null;
    }

    /** The class that goes with a {@code model_type}, or null. */
    static @Nullable ProcessorClass ofModel(String modelType) {
        return switch (modelType) {
            case "vit", "swin", "swinv2" -> VIT;
            case "resnet", "convnext", "convnextv2" -> CONVNEXT;
            case "efficientnet" -> EFFICIENTNET;
            default -> null;
        };
    }
}
