package dev.limbic.weights;

import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Tensors below a prefix, each with the shape that its taker expects. All views of a model share the memory of what was
 * taken, so that {@link #requireAllTaken} can name what nobody wanted. Thread-safe.
 */
public final class WeightView {
    private static final int SHOWN = 10;

    private final Safetensors source;
    private final String prefix;
    private final Set<String> taken;

    private WeightView(Safetensors source, String prefix, Set<String> taken) {
        this.source = source;
        this.prefix = prefix;
        this.taken = taken;
    }

    /** The view of everything in {@code source}, with nothing taken. */
    public static WeightView of(Safetensors source) {
        return new WeightView(source, "", ConcurrentHashMap.newKeySet());
    }

    /** The view below {@code name}, such as {@code encoder.layer.0}; the dot is added. */
    public WeightView sub(String name) {
        return new WeightView(source, prefix + name + ".", taken);
    }

    /** Whether there is a tensor of that name, as {@link #tensor} reads names. Does not take it. */
    public boolean has(String name) {
        return source.names().contains(prefix + name);
    }

    /** Whether anything lies below {@link #sub sub(name)}. */
    public boolean hasBelow(String name) {
        String below = prefix + name + ".";
        return source.names().tailSet(below).stream()
                .findFirst()
                .filter(n -> n.startsWith(below))
                .isPresent();
    }

    /**
     * Takes a tensor of real numbers.
     *
     * @param name such as {@code weight}, below this view's prefix
     * @param dims the expected shape; none for a scalar
     * @return f32, f16 or bf16
     * @throws WeightsException if it is missing, of another shape, or of integers
     */
    public HostTensor tensor(String name, int... dims) {
        String full = prefix + name;
        HostTensor tensor = source.tensor(full);
        Shape expected = Shape.of(dims);
        if (!tensor.shape().equals(expected)) {
            throw new WeightsException(source.file(full) + ": tensor '" + full + "': expected shape " + expected
                    + ", found " + tensor.shape());
        }
        switch (tensor.dtype()) {
            case F32, F16, BF16 -> taken.add(full);
            case I8, U8, I32, I64 ->
                throw new WeightsException(source.file(full) + ": tensor '" + full
                        + "': expected dtype F32, F16 or BF16, found " + tensor.dtype());
        }
        return tensor;
    }

    /** The name of a tensor of this view as it stands in the file. */
    public String fullName(String name) {
        return prefix + name;
    }

    /** Number of elements of all tensors taken from any view so far. */
    public long parameters() {
        return taken.stream()
                .mapToLong(n -> source.tensor(n).shape().elements())
                .sum();
    }

    /**
     * Checks that each tensor of the model, whatever this view's prefix, was taken.
     *
     * @param ignoring full names that may be left, {@code *} for any characters, such as {@code *.position_ids}
     * @throws WeightsException that names the tensors nobody took
     */
    public void requireAllTaken(String... ignoring) {
        List<String> surplus = surplus(ignoring);
        if (!surplus.isEmpty()) {
            throw new WeightsException(
                    source.path() + ": expected only tensors of the architecture, found " + some(surplus));
        }
    }

    /**
     * The tensors of the model that nobody took, whatever this view's prefix, sorted.
     *
     * @param ignoring full names to leave out, {@code *} for any characters
     */
    public List<String> surplus(String... ignoring) {
        List<Pattern> harmless = List.of(ignoring).stream()
                .map(glob -> Pattern.compile("\\Q" + glob.replace("*", "\\E.*\\Q") + "\\E", Pattern.DOTALL))
                .toList();
        return source.names().stream()
                .filter(n -> !taken.contains(n))
                .filter(n -> harmless.stream().noneMatch(p -> p.matcher(n).matches()))
                .toList();
    }

    /** Such as {@code 12 surplus: a.weight, b.weight, …}. */
    public static String some(List<String> surplus) {
        int shown = Math.min(SHOWN, surplus.size());
        return surplus.size() + " surplus: " + String.join(", ", surplus.subList(0, shown))
                + (shown < surplus.size() ? ", …" : "");
    }
}
