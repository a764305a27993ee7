package dev.limbic.ops.cuda;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.SampleRow;
import dev.limbic.ops.Upsampling;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Numbers that launches and kernels agree on, in their one place: how blocks cut up the work, and what stands for the
 * constants of an enumeration. Kernels get them as the header {@code launch.cuh}, which is made here.
 */
final class KernelNumbers {
    /** Threads of a warp. */
    static final int WARP = 32;

    /** Threads of a block of a row kernel, and its warps, each of which takes a row, a strip of one, or a head of one. */
    static final int ROW_BLOCK = 256;

    static final int WARPS = ROW_BLOCK / WARP;

    /** Columns that a warp of an elementwise kernel takes. */
    static final int ELEMENT_STRIP = 1024;

    /** Columns that a block of a pooling kernel takes. */
    static final int POOL_STRIP = 256;

    /** What a thread reads or writes at once, if all lies on such borders. */
    static final int CHUNK_BYTES = 16;

    /** Elements that a thread converts at once. */
    static final int CAST_CHUNK = 8;

    /** Largest heads of the kernels of tiled attention; those of others are of any size. */
    static final int TILED_HEAD = 64;

    static final int WIDE_HEAD = 128;

    /** Queries of a block of tiled attention, and its threads. */
    static final int TILE_ROWS = 64;

    static final int TILE_BLOCK = 128;

    /** Of the cached attention that deals keys out to lanes: largest heads, rows · query heads of a block, its threads. */
    static final int DEALT_HEAD = 256;

    static final int CACHED_ITEMS = 8;

    static final int CACHED_BLOCK = 128;

    /** Threads of a block that chooses a token. */
    static final int SAMPLE_BLOCK = 512;

    private KernelNumbers() {}

    /** The numbers of one row of sample, in their order; floats stand as their bits. */
    enum Rule {
        INVERSE_TEMPERATURE,
        TOP_K,
        TOP_P,
        MIN_P,
        DRAW_HIGH,
        DRAW_LOW,
        ALTERNATIVES,
        FIRST_CHANGE,
        CHANGES;

        static final int COUNT = values().length;
    }

    /** The numbers of one change of a logit, in their order; floats stand as their bits. */
    enum Change {
        ID,
        BEFORE,
        FACTOR,
        AFTER;

        static final int COUNT = values().length;
    }

    /** What stands for a constant of an enumeration; the header says the same to the kernels. */
    @SuppressWarnings("EnumOrdinal") // nothing stores it
    static int code(Enum<?> constant) {
        return constant.ordinal();
    }

    /** What kernels include: the numbers above by name, those of {@link SampleRow} and {@link Lookup}, and the constants of enumerations. */
    static String header() {
        Map<String, Integer> numbers = new TreeMap<>();
        addNumbers(numbers, "", KernelNumbers.class);
        addNumbers(numbers, "SAMPLE_", SampleRow.class);
        addNumbers(numbers, "LOOKUPS_", Lookup.class);
        addCodes(numbers, "ACTIVATION_", Activation.class);
        addCodes(numbers, "POOLING_", Pooling.class);
        addCodes(numbers, "UPSAMPLING_", Upsampling.class);
        addCodes(numbers, "RULE_", Rule.class);
        addCodes(numbers, "CHANGE_", Change.class);
        return numbers.entrySet().stream()
                .map(number -> "    " + number.getKey() + " = " + number.getValue() + ",\n")
                .collect(Collectors.joining("", "// Made by KernelNumbers.java.\n#pragma once\n\nenum {\n", "};\n"));
    }

    private static void addNumbers(Map<String, Integer> numbers, String prefix, Class<?> type) {
        for (Field field : type.getDeclaredFields()) {
            if (field.getType() == int.class && Modifier.isStatic(field.getModifiers())) {
                try {
                    add(numbers, prefix + field.getName(), field.getInt(null));
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    private static void addCodes(Map<String, Integer> numbers, String prefix, Class<? extends Enum<?>> type) {
        for (Enum<?> constant : type.getEnumConstants()) {
            add(numbers, prefix + constant.name(), code(constant));
        }
        add(numbers, prefix + "COUNT", type.getEnumConstants().length);
    }

    private static void add(Map<String, Integer> numbers, String name, int value) {
        if (numbers.put(name, value) != null) {
            throw new IllegalStateException("two numbers of kernels are called " + name);
        }
    }

    /** Prints the header, for compilers that are started by hand. */
    public static void main(String[] arguments) {
        System.out.print(header());
    }
}
