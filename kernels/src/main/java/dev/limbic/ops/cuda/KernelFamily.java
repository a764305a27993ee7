package dev.limbic.ops.cuda;

import dev.limbic.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A file of kernels, which is compiled and loaded as one.
 *
 * @param name of the file, without its ending
 * @param kernels all that it holds, by the names that launches use
 */
record KernelFamily(String name, List<String> kernels) {
    /** Types that activations may have. */
    private static final List<DType> TYPES = List.of(DType.F32, DType.F16, DType.BF16);

    /** What every model needs; those that take longest to compile come first, so that none of them is left for the end. */
    static final List<KernelFamily> ALWAYS = List.of(
            new KernelFamily("attention", typed("attention", "attention_wide", "attention_any")),
            new KernelFamily("embed", typed("embed")),
            new KernelFamily("add_layer_norm", typed("add_layer_norm")),
            new KernelFamily("softmax", typed("softmax")),
            new KernelFamily("pool", typed("pool", "attention_pool")),
            new KernelFamily("bias_activation", typed("bias_activation")),
            new KernelFamily("cast", casts()),
            new KernelFamily("rows", List.of("gather_rows", "scatter_rows")));

    /** What only decoders need, in the same order. Compiling it takes a while, so other models do not wait for it. */
    static final List<KernelFamily> DECODING = List.of(
            new KernelFamily("cached_attention", paired("cached_attention", "cached_attention_any")),
            new KernelFamily("sample", typed("sample")),
            new KernelFamily("norm", typed("layer_norm", "rms_norm")),
            new KernelFamily("elementwise", typed("add", "swiglu")),
            new KernelFamily("rotary", typed("rotary")),
            new KernelFamily("cache_append", paired("cache_append")));

    /** What only models that see need. */
    static final List<KernelFamily> PICTURES = List.of(
            new KernelFamily("planes", typed("pool_planes", "pool_large", "upsample", "scale_channels", "normalise")),
            new KernelFamily("convolution", typed("depthwise", "conv_finish", "pad_planes")),
            new KernelFamily("group_norm", typed("group_norm")));

    /** All of them, in the order in which they are needed. */
    static List<KernelFamily> all() {
        return Stream.of(ALWAYS, DECODING, PICTURES).flatMap(List::stream).toList();
    }

    static Optional<KernelFamily> named(String name) {
        return all().stream().filter(family -> family.name().equals(name)).findFirst();
    }

    /** The kernel for a type of activations. */
    static String typed(String kernel, DType type) {
        return kernel + "_" + type.name().toLowerCase(Locale.ROOT);
    }

    /** The kernel for a type of activations and one of the cache. */
    static String paired(String kernel, DType type, DType cache) {
        return typed(typed(kernel, type), cache);
    }

    /** The kernel that turns one type into another. */
    static String cast(DType from, DType to) {
        return typed(typed("cast", from) + "_to", to);
    }

    private static List<String> typed(String... kernels) {
        return Arrays.stream(kernels)
                .flatMap(kernel -> TYPES.stream().map(type -> typed(kernel, type)))
                .toList();
    }

    private static List<String> paired(String... kernels) {
        return typed(kernels).stream()
                .flatMap(kernel -> TYPES.stream().map(type -> typed(kernel, type)))
                .toList();
    }

    private static List<String> casts() {
        List<String> casts = new ArrayList<>();
        for (DType from : TYPES) {
            TYPES.stream().filter(to -> to != from).forEach(to -> casts.add(cast(from, to)));
        }
        return casts;
    }
}
