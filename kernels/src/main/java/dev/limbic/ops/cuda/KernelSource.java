package dev.limbic.ops.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The CUDA C of one family of kernels with the headers it may include, as shipped.
 *
 * @param name family, the file's name without its ending
 * @param text of the {@code .cu} file
 * @param headerNames as {@code #include} says them
 * @param headers their texts, in the same order
 */
record KernelSource(String name, String text, List<String> headerNames, List<String> headers) {
    private static final List<String> HEADERS = List.of(
            "common.cuh",
            "activation.cuh",
            "element.cuh",
            "numbers.cuh",
            "layer_norm.cuh",
            "attention_shape.cuh",
            "attention_fma.cuh",
            "attention_mma.cuh",
            "cached_shape.cuh",
            "sample_row.cuh",
            "tensor_core.cuh");

    /** The header that stands in no file. */
    private static final String MADE = "launch.cuh";

    static KernelSource of(String family) {
        List<String> names = new ArrayList<>(HEADERS);
        List<String> headers = new ArrayList<>();
        for (String header : HEADERS) {
            headers.add(read(header));
        }
        names.add(MADE);
        headers.add(KernelNumbers.header());
        return new KernelSource(family, read(family + ".cu"), names, headers);
    }

    private static String read(String file) {
        try (InputStream in = KernelSource.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("CUDA source " + file + " is not in the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
